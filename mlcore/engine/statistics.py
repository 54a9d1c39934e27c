"""Shares with intervals that respect copies of one original, and whether a confidence means what it says.

Pictures of one group (copies of one original) are drawn together or not at all, so that thirty copies do not
count as thirty cells. All intervals hold 95 %; all randomness comes from a fixed seed.
"""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import ArrayLike, NDArray
from scipy.special import bdtr, betaincinv

Floats = NDArray[np.float64]
Flags = NDArray[np.bool_]
Groups = NDArray[np.int_]
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


def summed(columns: ArrayLike, groups: Groups) -> Floats:
    """Return the sum of each group's rows, shape (groups, columns), for ``columns`` of shape (n, columns)."""
    names, place = np.unique(groups, return_inverse=True)
    rows = np.asarray(columns, dtype=np.float64)
    sums = [np.bincount(place, weights=column, minlength=len(names)) for column in rows.T]
    return np.stack(sums, axis=1)


def resampled(sums: Floats, seed: int = 0) -> Floats:
    """Return the column totals, shape (RESAMPLES, columns), of as many groups drawn with replacement."""
    random = np.random.default_rng(seed)
    count = len(sums)
    starts = np.arange(BLOCK)[:, None] * count
    totals = []
    for _ in range(RESAMPLES // BLOCK):
        drawn = random.integers(0, count, size=(BLOCK, count)) + starts
        times = np.bincount(drawn.ravel(), minlength=BLOCK * count).reshape(BLOCK, count)
        totals.append(times.astype(np.float64) @ sums)
    return np.concatenate(totals)


def ratio(part: Floats, whole: Floats) -> Floats:
    """Return ``part`` over ``whole``, nan where there is nothing to divide by."""
    shares: Floats = np.divide(part, whole, out=np.full(part.shape, np.nan), where=whole > 0)
    return shares


def spread(value: float, drawn: Floats, originals: int) -> dict[str, float]:
    """Return ``value`` with its interval from the resamples ``drawn``; undefined ones (nan) are left out.

    Where all resamples agree, for example because nothing was wrong, they know nothing about how wrong
    it could be; then the exact interval over the originals stands.
    """
    known = drawn[~np.isnan(drawn)]
    if known.size == 0 or np.ptp(known) == 0:
        low, high = exact(value * originals, originals)
    else:
        low, high = (float(limit) for limit in np.quantile(known, [0.025, 0.975]))
    return {"value": float(value), "low": min(low, float(value)), "high": max(high, float(value))}


def with_interval(right: Flags, groups: Groups, seed: int = 0) -> dict[str, float]:
    """Return the share that is right with its interval, bootstrapped over groups."""
    sums = summed(np.stack([right, np.ones_like(right)], axis=1), groups)
    drawn = resampled(sums, seed)
    return spread(float(right.mean()), drawn[:, 0] / drawn[:, 1], len(sums))


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
                "right": with_interval(right[inside], groups[inside]),
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
    return spread(value, errors, len(sums))


def risk_coverage(confidence: Confidences, right: Flags, groups: Groups) -> list[dict[str, float]]:
    """Return how often the most confident answers are wrong, for about twenty shares of pictures answered.

    Each point has the least confidence answered (``threshold``), the ``coverage`` this leaves, the
    ``error`` among the answers and its interval (``low``, ``high``), bootstrapped over groups.
    """
    last = np.ceil(COVERAGES * len(right)).astype(int) - 1
    thresholds = np.unique(np.sort(confidence)[::-1][last])[::-1]
    answered = confidence[:, None] >= thresholds
    sums = summed(np.column_stack([answered, answered & ~right[:, None]]), groups)
    drawn = resampled(sums)
    count = len(thresholds)
    originals = np.count_nonzero(sums[:, :count], axis=0)
    points = []
    for index, threshold in enumerate(thresholds):
        asked, wrong = drawn[:, index], drawn[:, count + index]
        error = float(1 - right[answered[:, index]].mean())
        told = spread(error, ratio(wrong, asked), int(originals[index]))
        points.append(
            {
                "threshold": float(threshold),
                "coverage": float(answered[:, index].mean()),
                "error": told["value"],
                "low": told["low"],
                "high": told["high"],
            }
        )
    return points


def _bin_of(confidence: Confidences) -> NDArray[np.int_]:
    result: NDArray[np.int_] = np.minimum((confidence * BINS).astype(int), BINS - 1)
    return result
