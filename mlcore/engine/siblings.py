"""Which pictures show the same field: turned by quarters, mirrored, trimmed, squeezed or recoloured.

Sets that took their fields from others stored them so, and names and hashes do not tell. Each field becomes
a small grey square without its coarse shading; two fields are one where one square agrees with a part of the
other, in one of the eight positions of a square.
"""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np
from numpy.typing import NDArray
from PIL import Image as PillowImage
from scipy import ndimage

from mlcore.engine.contracts import Image

Floats = NDArray[np.float32]

SIDE, COARSE = 40, 20
OUTLINE = SIDE * SIDE
# The points that trimming takes from each side, in the middle of what it may take.
EDGE = 2
# Everything wider than this many points of the square is shading or the mere presence of a cell.
SHADING = 2.0
# The coarse look is blurred, so that fields trimmed on one side more than on the other still agree.
COARSE_SHADING, BLUR = 4.0, 1.2
# What is left of a side after trimming: sets trim up to a seventh.
TRIMS = (1.0, 0.96, 0.92, 0.88, 0.84)
# Correlation, -1..1. Measured on BCCD, PBC and TXL-PBC: the same field reaches 0.79 and more; of 7,000 pairs
# of the most similar different ones none exceeds 0.77 (round cells on an empty field).
SAME_FIELD = 0.78
# The coarse look names the nearest few; on the public sets the right one was always the first.
NEAREST, COARSE_FLOOR = 2, 0.3
BLOCK = 512


def outline(image: Image) -> Floats:
    """Return the grey values of ``image`` squeezed to a square of 40, shape (1600,), 0..255."""
    grey = PillowImage.fromarray(image).convert("L")
    small = grey.resize((SIDE, SIDE), PillowImage.Resampling.BOX)
    return np.asarray(small, dtype=np.float32).ravel()


def siblings(outlines: Floats) -> list[tuple[int, int]]:
    """Return the pairs of rows, the lower first, whose outlines (n, 1600) show the same field."""
    squares = outlines.reshape(-1, SIDE, SIDE)
    fields = without_shading(squares, SHADING)
    pairs = sorted(_candidates(squares))
    return [(a, b) for a, b in pairs if likeness(fields[a], fields[b]) > SAME_FIELD]


def without_shading(squares: Floats, width: float) -> Floats:
    """Return the squares (n, side, side) less what is wider than ``width`` points."""
    result: Floats = squares - ndimage.gaussian_filter(squares, (0, width, width))
    return result


def likeness(first: Floats, second: Floats) -> float:
    """Return how well two squares without shading agree in their best position, -1..1."""
    return max(_as_part(first, second), _as_part(second, first))


def _candidates(squares: Floats) -> set[tuple[int, int]]:
    """Compare everything with everything, coarsely; return each row's nearest as pairs.

    Each field stands there whole and without its edge, since the other one may be trimmed.
    """
    blurred = ndimage.gaussian_filter(without_shading(squares, COARSE_SHADING), (0, BLUR, BLUR))
    whole, middle = _coarse(blurred), _coarse(blurred[:, EDGE:-EDGE, EDGE:-EDGE])
    count = len(squares)
    flat = np.concatenate([_unit(whole), _unit(middle)])
    turned = [_unit(position) for position in positions(whole)]
    cut = [_unit(position) for position in positions(middle)]
    pairs: set[tuple[int, int]] = set()
    for start in range(0, count, BLOCK):
        rows = slice(start, start + BLOCK)
        alike = np.max([position[rows] @ flat.T for position in turned], axis=0)
        alike = np.maximum(alike[:, :count], alike[:, count:])
        alike = np.max([alike, *(position[rows] @ flat[:count].T for position in cut)], axis=0)
        own = np.arange(len(alike))
        alike[own, own + start] = -1
        for row, near in enumerate(np.argsort(-alike, axis=1)[:, :NEAREST]):
            good = near[alike[row, near] > COARSE_FLOOR]
            pairs |= {(min(row + start, int(other)), max(row + start, int(other))) for other in good}
    return pairs


def _coarse(squares: Floats) -> Floats:
    """Return the squares in twenty points to a side."""
    factor = COARSE / squares.shape[1]
    result: Floats = ndimage.zoom(squares, (1, factor, factor), order=1, grid_mode=True, mode="nearest")
    return result


def _as_part(part: Floats, whole: Floats) -> float:
    """Return how well ``part`` agrees with ``whole`` or with a trimmed piece of it."""
    best = -1.0
    for trim in TRIMS:
        side = round(SIDE * trim)
        shrunk = PillowImage.fromarray(part).resize((side, side), PillowImage.Resampling.BILINEAR)
        wanted = np.concatenate([_unit(position) for position in positions(np.asarray(shrunk)[None])])
        pieces = np.lib.stride_tricks.sliding_window_view(whole, (side, side)).reshape(-1, side, side)
        best = max(best, float((wanted @ _unit(pieces).T).max()))
    return best


def positions(squares: Floats) -> Iterator[Floats]:
    """Yield the squares (n, side, side) in their eight positions: four turns, each plain and mirrored."""
    for turns in range(4):
        turned = np.rot90(squares, turns, axes=(1, 2))
        yield turned
        yield turned[:, :, ::-1]


def _unit(squares: Floats) -> Floats:
    flat = squares.reshape(len(squares), -1)
    flat = flat - flat.mean(axis=1, keepdims=True)
    length = np.linalg.norm(flat, axis=1, keepdims=True)
    result: Floats = flat / np.maximum(length, np.float32(1e-6))
    return result
