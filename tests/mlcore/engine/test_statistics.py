"""Intervals and curves on drawn answers whose truth is known."""

import numpy as np
import pytest
from scipy.stats import binom, binomtest

from mlcore.engine.proportion import proportion
from mlcore.engine.statistics import (
    calibration_error_interval,
    exact,
    reliability_bins,
    risk_coverage,
    sign_test,
    upper_bound,
)


def width(told):
    return told["high"] - told["low"]


def drawn(count, seed=1):
    """Answers that are as often right as they are sure."""
    random = np.random.default_rng(seed)
    confidence = random.uniform(0.3, 1.0, count).astype(np.float32)
    return confidence, random.random(count) < confidence


def test_the_exact_limits_are_those_of_the_binomial():
    low, high = exact(64, 69)
    assert binom.sf(63, 69, low) == pytest.approx(0.025)
    assert binom.cdf(64, 69, high) == pytest.approx(0.025)
    assert exact(0, 5)[0] == 0.0
    assert exact(5, 5)[1] == 1.0


def test_no_error_in_300_proves_one_percent_and_in_100_does_not():
    assert upper_bound(0, 300) < 0.01 < upper_bound(0, 100) < 0.03
    assert binom.cdf(2, 50, upper_bound(2, 50)) == pytest.approx(0.05)
    assert upper_bound(0, 0) == 1.0


def test_reliability_bins_hold_every_picture_once_and_tell_what_was_right():
    confidence = np.asarray([0.95, 0.96, 0.97, 0.98, 0.5, 0.51], dtype=np.float32)
    right = np.asarray([True, True, True, False, True, False])
    low, high = reliability_bins(confidence, right, np.asarray([0, 0, 1, 1, 2, 3]))
    assert (low["pictures"], low["originals"], high["pictures"], high["originals"]) == (2, 2, 4, 2)
    assert (
        low["from"] <= low["confidence"] < low["to"] <= high["from"] <= high["confidence"] < high["to"] == 1
    )
    assert high["confidence"] == pytest.approx(0.965)
    assert high["right"]["value"] == 0.75
    assert high["right"]["low"] == pytest.approx(proportion(right[:4], np.asarray([0, 0, 1, 1])).low)


def test_certainty_itself_falls_into_the_last_bin():
    (only,) = reliability_bins(np.ones(3, dtype=np.float32), np.ones(3, dtype=bool), np.arange(3))
    assert only["to"] == 1.0


def test_the_calibration_error_is_the_known_one_and_overconfidence_is_seen():
    confidence, right = drawn(2000)
    honest = calibration_error_interval(confidence, right, np.arange(2000))
    inside = [np.minimum((confidence * 15).astype(int), 14) == index for index in range(15)]
    gaps = [abs(confidence[one].mean() - right[one].mean()) * one.mean() for one in inside if one.any()]
    assert honest["value"] == pytest.approx(sum(gaps), abs=1e-5)
    assert honest["low"] <= honest["value"] <= honest["high"] < 0.06
    surer = np.minimum(confidence + 0.2, 1).astype(np.float32)
    assert calibration_error_interval(surer, right, np.arange(2000))["low"] > 0.1


def test_the_calibration_error_of_copies_is_less_sure():
    confidence, right = drawn(100)
    copies = np.repeat(np.arange(100), 20)
    naive = calibration_error_interval(confidence[copies], right[copies], np.arange(2000))
    assert width(calibration_error_interval(confidence[copies], right[copies], copies)) > 1.5 * width(naive)


def test_the_calibration_error_of_one_original_is_hardly_known():
    one = calibration_error_interval(
        np.float32([0.95] * 40), np.ones(40, dtype=bool), np.zeros(40, dtype=int)
    )
    assert one["value"] == pytest.approx(0.05)
    assert one["high"] > 0.9


def test_the_surest_answers_err_least_and_all_answers_err_as_counted():
    confidence, right = drawn(2000)
    points = risk_coverage(confidence, right, np.arange(2000))
    assert [point["coverage"] for point in points] == pytest.approx(np.linspace(0.05, 1, 20), abs=0.001)
    assert points[-1]["error"] == pytest.approx(1 - right.mean())
    assert points[0]["error"] < 0.08 < points[-1]["error"]
    for point in points:
        asked = confidence >= point["threshold"]
        assert point["error"] == pytest.approx(1 - right[asked].mean())
        assert point["low"] <= point["error"] <= point["high"]


def test_equal_confidences_are_answered_together():
    confidence = np.repeat(np.float32([0.9, 0.6]), 50)
    first, second = risk_coverage(confidence, np.arange(100) < 80, np.arange(100))
    assert (first["coverage"], first["error"]) == (0.5, 0.0)
    assert (second["coverage"], second["error"]) == (1.0, pytest.approx(0.2))


def test_the_same_answers_give_the_same_intervals():
    confidence, right = drawn(200)
    groups = np.arange(200) // 4
    first = calibration_error_interval(confidence, right, groups)
    assert first == calibration_error_interval(confidence, right, groups)
    assert risk_coverage(confidence, right, groups) == risk_coverage(confidence, right, groups)


@pytest.mark.parametrize(("one", "other"), [(0, 0), (0, 6), (7, 7), (3, 12), (400, 331)])
def test_readers_that_differ_are_weighed_by_the_binomial(one, other):
    expected = binomtest(one, one + other).pvalue if one + other else 1.0
    assert sign_test(one, other) == sign_test(other, one) == pytest.approx(expected)
