"""What the network should say about a picture: a peak at the middle of each cell, and its size beside it."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from mlcore.engine.locate import STRIDE, UNIT

# The width of a peak over the width of its cell, and the least width in places of the map.
PEAK, NARROWEST = 0.1, 0.6
# Where a peak is higher than this, the network has to tell the cell's size too.
SIZED = 0.4
# Channels of the targets: heat and weight of both kinds, four numbers of the box and their weight.
HEAT, WEIGHT, SHAPE, SIZE_WEIGHT = slice(0, 2), slice(2, 4), slice(4, 8), 8
CHANNELS = 9

Numbers = NDArray[np.float32]


def targets(
    boxes: Numbers, kinds: NDArray[np.int64], ignored: Numbers, size: int, *, platelets_known: bool
) -> Numbers:
    """Return (size / 8, size / 8, 9): heat, weight of the heat, box, weight of the box.

    ``boxes`` (n, 4) lie in the network's picture of side ``size``, ``kinds`` (n,) are 0 for a nucleated cell
    and 1 for a platelet. Inside ``ignored`` boxes (m, 4) nothing is asked for; where the platelets of a
    picture are not known, they are only asked for where one is given.
    """
    side = size // STRIDE
    result = np.zeros((side, side, CHANNELS), dtype=np.float32)
    result[..., WEIGHT] = (1.0, float(platelets_known))
    for x0, y0, x1, y1 in ignored:
        rows, columns = _places(y0, y1, side), _places(x0, x1, side)
        result[rows, columns, WEIGHT] = 0
    for box, kind in zip(boxes, kinds, strict=True):
        _draw(result, box, int(kind))
    return result


def _draw(result: Numbers, box: Numbers, kind: int) -> None:
    """Put one cell into the maps."""
    side = len(result)
    x, y = (box[0] + box[2]) / 2 / STRIDE - 0.5, (box[1] + box[3]) / 2 / STRIDE - 0.5
    width, height = (box[2] - box[0]) / STRIDE, (box[3] - box[1]) / STRIDE
    column, row = (int(np.clip(round(float(value)), 0, side - 1)) for value in (x, y))
    across = _bell(np.arange(side) - column, float(width))
    peak = _bell(np.arange(side) - row, float(height))[:, None] * across[None]
    higher = (peak > SIZED) & (peak > result[..., SIZE_WEIGHT])
    rows, columns = np.nonzero(higher)
    sides = np.log(np.asarray([width, height]) * STRIDE / UNIT)
    way = np.stack([x - columns, y - rows], axis=1)
    result[rows, columns, SHAPE] = np.concatenate([way, np.broadcast_to(sides, way.shape)], axis=1)
    result[rows, columns, SIZE_WEIGHT] = peak[higher]
    result[..., kind] = np.maximum(result[..., kind], peak)
    near = peak > SIZED
    result[near, WEIGHT.start + kind] = 1


def _bell(distance: NDArray[np.int64], width: float) -> Numbers:
    spread = max(NARROWEST, PEAK * width)
    bell: Numbers = np.exp(-(distance.astype(np.float32) ** 2) / np.float32(2 * spread**2))
    return bell


def _places(start: float, stop: float, side: int) -> slice:
    """Return the places of the map that a stretch of pixels touches."""
    first, last = int(start // STRIDE), int(-(-stop // STRIDE))
    return slice(max(0, first), min(side, max(last, first + 1)))
