"""Which fields overlap: views of one smear, taken a little apart, that show the same cells.

Whoever photographs a smear in steps catches cells at the edge twice. BCCD holds some forty such pairs, and
in most of them the same leukocyte is named in both fields.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray
from scipy import fft

from mlcore.engine.siblings import COARSE, SHADING, SIDE, without_shading

Floats = NDArray[np.float32]

# The least part of a field that two views share: with less, chance agrees as well as the truth.
SHARED = 0.2
LIKELY = 0.5
SAME_VIEW = 0.75


def overlapping(outlines: Floats) -> list[tuple[int, int]]:
    """Return the pairs of rows, the lower first, whose outlines (n, 1600) share a part of equal size."""
    fields = without_shading(outlines.reshape(-1, SIDE, SIDE), SHADING)
    step = SIDE // COARSE
    coarse = _Views(fields.reshape(-1, COARSE, step, COARSE, step).mean(axis=(2, 4)))
    fine = _Views(fields)
    pairs = []
    for row in range(len(fields) - 1):
        likely = row + 1 + np.flatnonzero(coarse.agreement(row, slice(row + 1, None)) > LIKELY)
        if likely.size:
            good = fine.agreement(row, likely) > SAME_VIEW
            pairs += [(row, int(other)) for other in likely[good]]
    return pairs


class _Views:
    """Squares ready to be shifted over each other: their waves, and their energy under each shift."""

    def __init__(self, squares: Floats) -> None:
        side = squares.shape[1]
        self._shape = (2 * side, 2 * side)
        whole = fft.rfft2(np.ones((side, side), np.float32), self._shape)
        self._waves = fft.rfft2(squares, self._shape)
        energy = fft.rfft2(squares**2, self._shape)
        self._first = self._strength(energy * whole.conj())
        self._second = self._strength(whole * energy.conj())
        shared = fft.irfft2(whole * whole.conj(), self._shape)
        self._far = shared < SHARED * side * side

    def agreement(self, row: int, others: slice | NDArray[np.intp]) -> Floats:
        """Return the correlation of a square with each of ``others`` under the best shift, -1..1."""
        common = fft.irfft2(self._waves[row] * self._waves[others].conj(), self._shape)
        common *= self._first[row] * self._second[others]
        common[:, self._far] = -1
        result: Floats = common.max(axis=(1, 2))
        return result

    def _strength(self, energy: NDArray[np.complexfloating]) -> Floats:
        left = fft.irfft2(energy, self._shape)
        result: Floats = (1 / np.sqrt(np.maximum(left, 1))).astype(np.float32)
        return result
