"""Exact limits of counts, and whether a confidence means what it says.

Pictures of one group (copies of one original) count together, so that thirty copies do not count as thirty
cells. All intervals hold 95 %; all randomness comes from a fixed seed.
"""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray
from scipy.special import bdtr, betaincinv

from mlcore.engine.proportion import Flags, Floats, Groups, proportion, summed

Confidences = NDArray[np.float32]

RESAMPLES = 2000
# Draws are made in blocks: two thousand draws of twenty thousand groups at once would fill a small machine.
BLOCK = 100
BINS = 15
COVERAGES = np.linspace(0.05, 1.0, 20)


def exact(right: float, total: float) -> tuple[float, float]:
    """Return the two-sided 95 % limits of a share (Clopper and Pearson 1934)."""
    low = float(betaincinv(right, total - right + 1, 0.025)) if right > 0 else 0.0
    high = float(betaincinv(right + 1, total - right, 0.975)) if right < total else 1.0
    return low, high


def upper_bound(wrong: float, total: float) -> float:
    """Return the exact share that errors stay below with 95 % confidence; 1 where nothing was tried."""
    return float(betaincinv(wrong + 1, total - wrong, 0.95)) if wrong < total else 1.0


def sign_test(one: int, other: int) -> float:
    """Return how likely ``one`` and ``other``, or counts further apart, are if either is as likely.

    Of the pairs in which two readers differ this is McNemar's exact test, two-sided; 1 where there are none.

    Source: Dixon WJ, Mood AM. The statistical sign test. J Am Stat Assoc 1946; 41: 557-566.
    """
    return min(1.0, 2 * float(bdtr(min(one, other), one + other, 0.5)))


def resampled(sums: Floats) -> Floats:
    """Return the column totals, shape (RESAMPLES, columns), of as many groups drawn with replacement."""
    random = np.random.default_rng(0)
    count = len(sums)
    starts = np.arange(BLOCK)[:, None] * count
    totals = []
    for _ in range(RESAMPLES // BLOCK):
        drawn = random.integers(0, count, size=(BLOCK, count)) + starts
        times = np.bincount(drawn.ravel(), minlength=BLOCK * count).reshape(BLOCK, count)
        totals.append(times.astype(np.float64) @ sums)
    return np.concatenate(totals)


def reliability_bins(confidence: Confidences, right: Flags, groups: Groups) -> list[dict[str, Any]]:
    """Return what was said and what was true in each of 15 equally wide bins of confidence that is not empty.

    ``from`` and ``to`` bound the bin, ``confidence`` is the mean inside it, ``right`` the share that was
    right with its interval over the bin's originals.
    """
    which = _bin_of(confidence)
    told = []
    for index in np.unique(which):
        inside = which == index
        told.append(
            {
                "from": float(index / BINS),
                "to": float((index + 1) / BINS),
                "pictures": int(inside.sum()),
                "originals": len(np.unique(groups[inside])),
                "confidence": float(confidence[inside].mean()),
                "right": proportion(right[inside], groups[inside]).told(),
            }
        )
    return told


def calibration_error_interval(confidence: Confidences, right: Flags, groups: Groups) -> dict[str, float]:
    """Return the expected calibration error with its interval, bootstrapped over groups.

    Chance alone opens gaps, more of them in a resample than in the whole, so with few pictures both the
    value and its interval lie too high rather than too low.
    """
    # A bin's gap times its share of pictures is |sum of confidence - number right| / number of pictures.
    inside = _bin_of(confidence)[:, None] == np.arange(BINS)
    gaps = inside * (confidence.astype(np.float64) - right)[:, None]
    sums = summed(np.column_stack([gaps, np.ones(len(right))]), groups)
    drawn = resampled(sums)
    errors = np.abs(drawn[:, :-1]).sum(axis=1) / drawn[:, -1]
    value = float(np.abs(gaps.sum(axis=0)).sum() / len(right))
    low, high = (float(limit) for limit in np.quantile(errors, [0.025, 0.975]))
    if low == high:
        # All draws agree, as with one original: they know nothing of how far off the figure could be.
        low, high = exact(value * len(sums), len(sums))
    return {"value": value, "low": min(low, value), "high": max(high, value)}


def risk_coverage(confidence: Confidences, right: Flags, groups: Groups) -> list[dict[str, float]]:
    """Return how often the most confident answers are wrong, for about twenty shares of pictures answered.

    Each point has the least confidence answered (``threshold``), the ``coverage`` this leaves, the
    ``error`` among the answers and its interval (``low``, ``high``).
    """
    last = np.ceil(COVERAGES * len(right)).astype(int) - 1
    thresholds = np.unique(np.sort(confidence)[::-1][last])[::-1]
    answered = confidence[:, None] >= thresholds
    points = []
    for index, threshold in enumerate(thresholds):
        asked = answered[:, index]
        told = proportion(~right[asked], groups[asked])
        points.append(
            {
                "threshold": float(threshold),
                "coverage": float(asked.mean()),
                "error": told.value,
                "low": told.low,
                "high": told.high,
            }
        )
    return points


def _bin_of(confidence: Confidences) -> NDArray[np.int_]:
    result: NDArray[np.int_] = np.minimum((confidence * BINS).astype(int), BINS - 1)
    return result
