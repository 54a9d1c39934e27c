"""Confidence means what it says."""

import numpy as np
import pytest

from mlcore.engine.calibrate import (
    abstention_threshold,
    expected_calibration_error,
    fit_temperature,
    softmax,
)


def _drawn(sharpness, count=4000):
    """Logits whose classes were drawn from their own probabilities, then made too sure by ``sharpness``."""
    random = np.random.default_rng(3)
    honest = random.normal(0, 1.5, (count, 4)).astype(np.float32)
    chances = softmax(honest)
    targets = np.array([random.choice(4, p=row / row.sum()) for row in chances.astype(float)], np.int32)
    return honest * sharpness, targets


def test_softmax_sums_to_one_and_keeps_the_order():
    rows = softmax(np.array([[1000.0, 999.0], [-1000.0, 0.0]], np.float32), 2.0)
    assert rows.sum(axis=1) == pytest.approx([1, 1])
    assert rows.argmax(axis=1).tolist() == [0, 1]


@pytest.mark.parametrize("sharpness", [0.5, 1.0, 3.0])
def test_the_temperature_undoes_false_sureness(sharpness):
    logits, targets = _drawn(sharpness)
    assert fit_temperature(logits, targets, np.ones(len(targets))) == pytest.approx(sharpness, rel=0.1)


def test_calibration_error_falls_to_almost_nothing():
    logits, targets = _drawn(3.0)

    def error(temperature):
        rows = softmax(logits, temperature)
        return expected_calibration_error(rows.max(axis=1), rows.argmax(axis=1) == targets)

    assert error(1.0) > 0.15
    assert error(3.0) < 0.03


def test_the_threshold_keeps_the_promised_error():
    logits, targets = _drawn(1.0)
    rows, weight = softmax(logits), np.ones(len(targets))
    limit = abstention_threshold(rows, targets, weight, wanted_error=0.1, least_coverage=0.1)
    answered = rows.max(axis=1) >= limit
    assert (rows.argmax(axis=1) != targets)[answered].mean() <= 0.1
    assert answered.mean() > 0.1


def test_where_the_promise_costs_too_much_coverage_wins():
    logits, targets = _drawn(0.2)
    rows, weight = softmax(logits), np.ones(len(targets))
    limit = abstention_threshold(rows, targets, weight, wanted_error=0.001, least_coverage=0.8)
    assert (rows.max(axis=1) >= limit).mean() == pytest.approx(0.8, abs=0.01)
