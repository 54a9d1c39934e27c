"""From logits to probabilities that mean what they say, and the confidence below which to abstain."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

Floats = NDArray[np.float32]


def softmax(logits: NDArray[np.float32], temperature: float = 1.0) -> Floats:
    """Return probabilities over the last axis of ``logits`` divided by ``temperature``."""
    scaled = logits.astype(np.float64) / temperature
    powers = np.exp(scaled - scaled.max(axis=-1, keepdims=True))
    result: Floats = (powers / powers.sum(axis=-1, keepdims=True)).astype(np.float32)
    return result


def fit_temperature(logits: Floats, targets: NDArray[np.int32], weight: NDArray[np.float64]) -> float:
    """Return the temperature of least weighted cross-entropy on validation (Guo et al. 2017)."""
    candidates = np.exp(np.linspace(np.log(0.25), np.log(6.0), 160))
    rows = np.arange(len(targets))

    def cost(temperature: float) -> float:
        chosen = softmax(logits, temperature)[rows, targets]
        return float(-(weight * np.log(np.maximum(chosen, 1e-9))).sum() / weight.sum())

    return float(min(candidates, key=cost))


def abstention_threshold(
    probabilities: Floats,
    targets: NDArray[np.int32],
    weight: NDArray[np.float64],
    *,
    wanted_error: float = 0.02,
    least_coverage: float = 0.8,
) -> float:
    """Return the lowest confidence whose accepted answers err at most ``wanted_error`` on validation.

    The error is weighted, so that each class and laboratory counts alike. Where the wanted error would
    leave less than ``least_coverage`` answered, the threshold of that coverage is returned instead.
    """
    confidence = probabilities.max(axis=1)
    wrong = (probabilities.argmax(axis=1) != targets).astype(np.float64)
    order = np.argsort(-confidence)
    share = np.cumsum(weight[order]) / weight.sum()
    error = np.cumsum((weight * wrong)[order]) / np.cumsum(weight[order])
    fitting = np.flatnonzero((error <= wanted_error) | (share <= least_coverage))
    last = int(fitting.max()) if fitting.size else 0
    return float(confidence[order][last]) - 1e-6


def expected_calibration_error(
    confidence: NDArray[np.float32], right: NDArray[np.bool_], bins: int = 15
) -> float:
    """Return the mean gap between confidence and accuracy over equally wide bins of confidence."""
    which = np.minimum((confidence * bins).astype(int), bins - 1)
    total = 0.0
    for index in np.unique(which):
        inside = which == index
        gap = abs(float(confidence[inside].mean()) - float(right[inside].mean()))
        total += gap * float(inside.mean())
    return total
