"""How well the surroundings of two cells agree: where red cells stand is as particular as a fingerprint.

A leukocyte resembles others of its class, what lies around it does not. So the surroundings of two cells are
laid over each other, and what counts is how well the part agrees that both pictures show.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property

import numpy as np
from numpy.typing import NDArray
from PIL import Image as PillowImage
from scipy import fft, ndimage

from mlcore.engine.contracts import Box

Floats = NDArray[np.float32]
Waves = NDArray[np.complex64]

# The longer side of a usual cell in points, and the side of the square around a cell that is compared.
CELL, AROUND = 20, 60
# The middle of a cell that an edge cuts off lies this far, in points, beside the middle of the whole cell.
SHIFT = 12
SPAN = AROUND + SHIFT
# Coarser than the noise of a camera, finer than what light and focus do to a whole field; in points.
FINE, SHADING = 0.7, 2.5
# The least part of the square that both pictures have to show: a little more than the cell itself.
SHARED = 0.12
# The least part of the smaller box that lies in the other, once the surroundings are laid over each other.
SAME_PLACE = 0.5


@dataclass(frozen=True, slots=True)
class Grey:
    """A picture in grey, made smaller: ``scale`` points of it for each pixel of the whole picture."""

    picture: PillowImage.Image
    scale: float


@dataclass(frozen=True)
class Surroundings:
    """The square around a cell without its shading, and where the picture has any: both (AROUND, AROUND).

    ``width`` and ``height`` are of the cell's box, in points.
    """

    points: Floats
    shown: Floats
    width: float
    height: float

    @cached_property
    def waves(self) -> Waves:
        """What correlating needs, (3, SPAN, ...): of the points, of their squares, of where there are any."""
        layers = np.stack([self.points, self.points**2, self.shown])
        result: Waves = fft.rfft2(layers, (SPAN, SPAN)).astype(np.complex64)
        return result


def surroundings(grey: Grey, box: Box, side: float) -> Surroundings:
    """Cut the square around the cell in ``box``; ``side`` pixels of the whole picture become CELL points.

    Only what is cut at one scale, from pictures of one magnification, can be compared.
    """
    step = side * grey.scale / CELL
    reach = step * AROUND / 2
    left = (box.x0 + box.x1) / 2 * grey.scale - reach
    top = (box.y0 + box.y1) / 2 * grey.scale - reach
    # A crop may reach beyond the picture; what lies there is black, and not among what is shown.
    corner = (math.floor(left), math.floor(top))
    piece = grey.picture.crop((*corner, math.ceil(left + 2 * reach), math.ceil(top + 2 * reach)))
    x, y = left - corner[0], top - corner[1]
    part = (x, y, min(x + 2 * reach, piece.width), min(y + 2 * reach, piece.height))
    points = piece.resize((AROUND, AROUND), PillowImage.Resampling.BILINEAR, box=part)
    shown = np.outer(_inside(top, step, grey.picture.height), _inside(left, step, grey.picture.width)).astype(
        np.float32
    )
    flat = _without_shading(np.asarray(points, dtype=np.float32), shown)
    return Surroundings(flat, shown, box.width * grey.scale / step, box.height * grey.scale / step)


def agreements(one: Surroundings, others: Sequence[Surroundings]) -> Floats:
    """Return how well ``one`` agrees with each of ``others`` under the best shift, (others,), -1..1.

    Normalised cross-correlation over what both show (Padfield 2012). It is -1 where they share too little,
    and where the best shift does not lay the cells themselves over each other.
    """
    if not others:
        return np.zeros(0, dtype=np.float32)
    mine, theirs = one.waves, np.stack([other.waves for other in others]).conj()
    # In this order: the shared points, and over these the sums of both, of their squares, of the products.
    mixed = ((2, 2), (0, 2), (2, 0), (1, 2), (2, 1), (0, 0))
    sums = fft.irfft2(np.stack([mine[a] * theirs[:, b] for a, b in mixed]), (SPAN, SPAN))
    number = np.maximum(sums[0], 1)
    first, second = sums[3] - sums[1] ** 2 / number, sums[4] - sums[2] ** 2 / number
    alike = (sums[5] - sums[1] * sums[2] / number) / np.sqrt(np.maximum(first * second, 1))
    alike[sums[0] < SHARED * AROUND**2] = -1
    near = np.r_[: SHIFT + 1, SPAN - SHIFT : SPAN]
    alike = alike[:, near][:, :, near]
    best = alike.reshape(len(others), -1).argmax(axis=1)
    scores: Floats = alike.reshape(len(others), -1).max(axis=1).astype(np.float32)
    for row, (down, right) in enumerate(zip(*np.unravel_index(best, alike.shape[1:]), strict=True)):
        shift = [int(near[at]) - (SPAN if near[at] > SHIFT else 0) for at in (right, down)]
        if _common(one, others[row], *shift) < SAME_PLACE:
            scores[row] = -1
    return scores


def _inside(start: float, step: float, length: int) -> NDArray[np.bool_]:
    """Tell which of the points from ``start`` on lie wholly within a picture of that length."""
    middles = start + (np.arange(AROUND) + 0.5) * step
    return (middles >= step / 2) & (middles <= length - step / 2)


def _without_shading(points: Floats, shown: Floats) -> Floats:
    """Return the points less what is wider than SHADING, smoothed a little, and 0 where nothing is shown."""
    fine, wide = (
        ndimage.gaussian_filter(points * shown, width)
        / np.maximum(ndimage.gaussian_filter(shown, width), 1e-3)
        for width in (FINE, SHADING)
    )
    result: Floats = ((fine - wide) * shown).astype(np.float32)
    return result


def _common(one: Surroundings, other: Surroundings, right: int, down: int) -> float:
    """Return how much of the smaller box lies in the other, when the other is moved so many points."""
    sizes = ((one.width, other.width, right), (one.height, other.height, down))
    width, height = (max(0.0, min(a, 2 * s + b) - max(-a, 2 * s - b)) / 2 for a, b, s in sizes)
    return width * height / max(1e-6, min(one.width * one.height, other.width * other.height))
