"""A field in the network's picture: as serving shows it, or near and far, turned, mirrored and cut."""

from __future__ import annotations

from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray
from PIL import Image as PillowImage

from mlcore.engine.contracts import Box, Image
from mlcore.engine.detector.examples import LEAST_NUCLEUS, UNKNOWN, Field, nuclear_share
from mlcore.engine.detector.targets import Numbers
from mlcore.engine.locate import NUCLEATED, network_picture
from mlcore.engine.stain import Thumbnail, thumbnail

# Of a cell that the edge cuts, this share has to be seen to be asked for, or the smaller one where there is
# nucleus in it; a cell of fewer pixels than the least side may be found or not.
LEAST_SEEN, LEAST_NUCLEUS_SEEN, LEAST_SIDE = 0.35, 0.1, 6.0
# How often a field begins in the middle of a cell.
CUT = 0.2
# How often a field is turned by any angle instead of by quarters alone, and how far.
TILTED, FARTHEST = 0.3, 45.0


class Window(NamedTuple):
    """The network's picture (size, size, 3) uint8 and the cells in it, see ``targets.targets``."""

    pixels: Image
    boxes: Numbers
    kinds: NDArray[np.int64]
    ignored: Numbers
    platelets_known: bool


def whole(field: Field, size: int) -> Window:
    """Show all of a field just as serving does."""
    small = thumbnail(field.pixels, size)
    return _seen(small, field.boxes * np.float32(small.scale), field, size)


def view(field: Field, size: int, zoom: float, random: np.random.Generator) -> Window:
    """Show a field turned and mirrored in a window; ``zoom`` is a logarithm, 0 shows all of it."""
    pixels, boxes = turned(field, random)
    if len(boxes) and random.random() < CUT:
        pixels, boxes = cut(pixels, boxes, random)
    sides = np.asarray([pixels.shape[1], pixels.shape[0]])
    scale = size / sides.max() * np.exp(zoom + random.normal(0.0, 0.05, 2))
    shown = np.minimum(sides, size / scale)
    start = random.uniform(0, sides - shown + 1e-6)
    shape = np.rint(shown * scale).astype(int).clip(1, size)
    picture = PillowImage.fromarray(pixels).resize(
        (int(shape[0]), int(shape[1])),
        PillowImage.Resampling.BILINEAR,
        box=(*start, *np.minimum(start + shown, sides)),
        reducing_gap=2.0,
    )
    place = random.integers(0, size - shape + 1)
    # Black, as in a turned picture, stands for "no picture" and becomes glass.
    canvas = PillowImage.new("RGB", (size, size))
    canvas.paste(picture, (int(place[0]), int(place[1])))
    moved = (boxes - np.tile(start, 2)) * np.tile(shape / shown, 2) + np.tile(place, 2)
    edges = np.concatenate([place, place + shape])
    return _seen(Thumbnail(np.asarray(canvas), 1.0), moved.astype(np.float32), field, size, edges)


def turned(field: Field, random: np.random.Generator) -> tuple[Image, Numbers]:
    """Return pixels and boxes of a field mirrored, turned by quarters, and sometimes by any angle.

    Turning by any angle takes the cells for ellipses and leaves black corners, as in the Kaggle copies.
    """
    pixels, boxes = field.pixels, field.boxes
    if random.random() < TILTED:
        pixels, boxes = tilted(pixels, boxes, random.uniform(-FARTHEST, FARTHEST))
    if random.random() < 0.5:
        width = pixels.shape[1]
        pixels = pixels[:, ::-1]
        boxes = np.stack([width - boxes[:, 2], boxes[:, 1], width - boxes[:, 0], boxes[:, 3]], axis=1)
    for _ in range(random.integers(4)):
        width = pixels.shape[1]
        pixels = np.rot90(pixels)
        boxes = np.stack([boxes[:, 1], width - boxes[:, 2], boxes[:, 3], width - boxes[:, 0]], axis=1)
    return np.ascontiguousarray(pixels), boxes


def cut(pixels: Image, boxes: Numbers, random: np.random.Generator) -> tuple[Image, Numbers]:
    """Take the left of a field away, up to somewhere inside a cell."""
    left, _top, right, _bottom = boxes[random.integers(len(boxes))]
    start = int(np.clip(left + (right - left) * random.uniform(0.2, 0.9), 0, pixels.shape[1] - 32))
    return np.ascontiguousarray(pixels[:, start:]), boxes - np.asarray([start, 0, start, 0], dtype=np.float32)


def tilted(pixels: Image, boxes: Numbers, angle: float) -> tuple[Image, Numbers]:
    """Turn a field counter-clockwise about its middle by ``angle`` degrees; the picture keeps its shape."""
    picture = PillowImage.fromarray(pixels).rotate(angle, PillowImage.Resampling.BILINEAR)
    middle = np.asarray([pixels.shape[1] / 2, pixels.shape[0] / 2])
    cosine, sine = np.cos(np.deg2rad(angle)), np.sin(np.deg2rad(angle))
    turn = np.asarray([[cosine, sine], [-sine, cosine]])
    centres = ((boxes[:, :2] + boxes[:, 2:]) / 2 - middle) @ turn.T + middle
    half = np.sqrt(((boxes[:, 2:] - boxes[:, :2]) / 2) ** 2 @ (turn**2).T)
    return np.asarray(picture), np.concatenate([centres - half, centres + half], axis=1).astype(np.float32)


def _seen(
    small: Thumbnail, boxes: Numbers, field: Field, size: int, edges: NDArray[np.int64] | None = None
) -> Window:
    """Make a window of a picture with black where there is none; cells too small or too cut are ignored.

    ``edges`` x0, y0, x1, y1 are where the picture ends inside the window.
    """
    limits = np.asarray([0, 0, *small.pixels.shape[1::-1]]) if edges is None else edges
    clipped = np.clip(boxes, np.tile(limits[:2], 2), np.tile(limits[2:], 2)).astype(np.float32)
    sides = clipped[:, 2:] - clipped[:, :2]
    seen = sides.prod(axis=1) / np.maximum((boxes[:, 2:] - boxes[:, :2]).prod(axis=1), 1e-6)
    large = (sides.min(axis=1) >= LEAST_SIDE) & (field.kinds != UNKNOWN)
    good = large & (seen >= LEAST_SEEN)
    for row in np.flatnonzero(large & ~good & (seen >= LEAST_NUCLEUS_SEEN) & (field.kinds == NUCLEATED)):
        good[row] = nuclear_share(Box(*clipped[row].astype(int).tolist()), small.stain) >= LEAST_NUCLEUS
    ignored = clipped[~good & (sides.min(axis=1) > 0)]
    return Window(network_picture(small, size), clipped[good], field.kinds[good], ignored, field.drawn)
