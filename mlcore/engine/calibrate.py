"""From logits to probabilities that mean what they say, and how sure is sure enough for each class."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from mlcore.engine.statistics import upper_bound

Floats = NDArray[np.float32]

# No probability reaches it.
NEVER = 1.01


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


@dataclass(frozen=True, slots=True)
class ClassLimit:
    """How sure the model must be to name one class, and what that leaves on validation.

    ``answered`` and ``errors`` count originals, ``coverage`` is the weighted share of this answer that is
    kept. ``bound`` is what its error stays below with 95 % confidence, and ``proven`` whether that is no
    more than was wanted: with no error at all, 299 originals prove 1 %.
    """

    threshold: float
    answered: int
    errors: int
    bound: float
    coverage: float
    proven: bool


def class_limits(
    probabilities: Floats,
    targets: NDArray[np.int32],
    groups: NDArray[np.int_],
    weight: NDArray[np.float64],
    *,
    wanted_error: float = 0.01,
    least_coverage: float = 0.7,
    least_confidence: float = 0.0,
) -> list[ClassLimit]:
    """Return for each answer the least confidence at which it errs at most ``wanted_error`` on validation.

    ``probabilities`` is (n, classes), the others (n,); ``weight`` shares each original's say out among its
    copies, and ``groups`` names the original. Selective classification after Geifman and El-Yaniv 2017,
    for each answer by itself. Where no threshold that keeps ``least_coverage`` of an answer is good
    enough, the one of least error is taken, so that one sure mistake does not silence a whole class; a
    smaller ``wanted_error`` never lowers a threshold. None lies below
    ``least_confidence``, however well validation went. A class that validation never saw named rightly is
    never answered: its threshold is ``NEVER``.
    """
    answer, confidence = probabilities.argmax(axis=1), probabilities.max(axis=1)
    limits = []
    for label in range(probabilities.shape[1]):
        own = answer == label
        curve = _curve(confidence[own], targets[own] != label, groups[own], weight[own])
        limits.append(_limit(curve, wanted_error, least_coverage, least_confidence))
    return limits


@dataclass(frozen=True, slots=True)
class _Curve:
    """What lowering the threshold of one answer does, from its surest picture to its least sure."""

    threshold: NDArray[np.float64]
    error: NDArray[np.float64]
    coverage: NDArray[np.float64]
    answered: NDArray[np.int_]
    errors: NDArray[np.int_]


def _curve(
    confidence: Floats, wrong: NDArray[np.bool_], groups: NDArray[np.int_], weight: NDArray[np.float64]
) -> _Curve:
    order = np.argsort(-confidence, kind="stable")
    confidence, wrong, groups, weight = confidence[order], wrong[order], groups[order], weight[order]
    kept = np.cumsum(weight)
    error = np.cumsum(weight * wrong) / np.maximum(kept, 1e-300)
    answered, errors = _originals(wrong, groups)
    # Equal confidences are accepted together or not at all.
    last = np.append(np.diff(confidence) < 0, True)[: len(order)]
    threshold = confidence[last].astype(np.float64) - 1e-6
    coverage = kept[last] / max(float(weight.sum()), 1e-300)
    return _Curve(threshold, error[last], coverage, answered[last], errors[last])


def _originals(
    wrong: NDArray[np.bool_], groups: NDArray[np.int_]
) -> tuple[NDArray[np.int_], NDArray[np.int_]]:
    """Return for each first part of the rows how many originals it holds, and how many are mostly wrong."""
    order = np.argsort(groups, kind="stable")
    first = np.append(True, np.diff(groups[order]) != 0)[: len(order)]
    start = np.maximum.accumulate(np.where(first, np.arange(len(order)), 0))
    sums = np.append(0, np.cumsum(wrong[order]))
    copies = np.arange(len(order)) - start + 1
    mostly = 2 * (sums[1:] - sums[start]) > copies
    before = np.roll(mostly, 1) & ~first
    change = np.zeros((2, len(order)), dtype=np.int_)
    change[:, order] = first, mostly.astype(np.int_) - before
    answered, errors = change.cumsum(axis=1)
    return answered, errors


def _limit(curve: _Curve, wanted_error: float, least_coverage: float, least_confidence: float) -> ClassLimit:
    # The slack keeps a share that is exactly the wanted one from being lost to rounding.
    sure = np.flatnonzero(curve.threshold >= least_confidence)
    if sure.size == 0 or float(curve.error.min()) >= 1:
        return ClassLimit(NEVER, 0, 0, 1.0, 0.0, proven=False)
    enough = sure[curve.coverage[sure] >= least_coverage - 1e-9]
    # Where the floor leaves too little, as much is answered as the floor allows.
    enough = enough if enough.size else sure[-1:]
    allowed = max(wanted_error, float(curve.error[enough].min())) + 1e-9
    chosen = int(enough[curve.error[enough] <= allowed].max())
    answered, errors = int(curve.answered[chosen]), int(curve.errors[chosen])
    bound = upper_bound(errors, answered)
    return ClassLimit(
        threshold=float(curve.threshold[chosen]),
        answered=answered,
        errors=errors,
        bound=bound,
        coverage=float(curve.coverage[chosen]),
        proven=bound <= wanted_error,
    )
