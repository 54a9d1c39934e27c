"""Confidence means what it says."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from mlcore.engine.calibrate import (
    NEVER,
    class_limits,
    fit_temperature,
    softmax,
)
from mlcore.engine.statistics import calibration_error_interval


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
        right = rows.argmax(axis=1) == targets
        return calibration_error_interval(rows.max(axis=1), right, np.arange(len(rows)))["value"]

    assert error(1.0) > 0.15
    assert error(3.0) < 0.03


def _limits(confidence, wrong, groups=None, **wanted):
    """The limits of class 0 of two, for pictures that are all named so with the given confidences."""
    confidence = np.asarray(confidence, np.float32)
    rows = np.stack([confidence, 1 - confidence], axis=1)
    groups = np.arange(len(rows)) if groups is None else np.asarray(groups)
    _names, place, copies = np.unique(groups, return_inverse=True, return_counts=True)
    targets = np.asarray(wrong, np.int32)
    return class_limits(rows, targets, groups, 1 / copies[place], **wanted)


def test_each_class_keeps_the_wanted_error_where_it_can():
    logits, targets = _drawn(1.0)
    rows = softmax(logits)
    limits = class_limits(
        rows, targets, np.arange(len(rows)), np.ones(len(rows)), wanted_error=0.2, least_coverage=0.05
    )
    answer, confidence = rows.argmax(axis=1), rows.max(axis=1)
    for label, limit in enumerate(limits):
        answered = (answer == label) & (confidence >= limit.threshold)
        wrong = targets[answered] != label
        assert wrong.mean() <= 0.2
        assert (answered.sum(), wrong.sum()) == (limit.answered, limit.errors)
        assert limit.coverage == pytest.approx(answered.sum() / (answer == label).sum())
        below = (answer == label) & (confidence >= limit.threshold - 0.02)
        assert (targets[below] != label).mean() > 0.2


def test_the_bound_is_exact_and_299_originals_without_error_prove_one_percent():
    few, many = (_limits(np.linspace(0.6, 0.99, count), np.zeros(count))[0] for count in (298, 299))
    assert (few.errors, few.proven, many.proven) == (0, False, True)
    assert many.bound == pytest.approx(1 - 0.05 ** (1 / 299))
    assert many.coverage == 1


def test_one_sure_mistake_does_not_silence_a_class():
    confidence = [0.999, *np.linspace(0.98, 0.6, 50)]
    limit = _limits(confidence, [True] + [False] * 50)[0]
    assert (limit.answered, limit.errors, limit.coverage) == (51, 1, 1)
    assert not limit.proven
    assert limit.bound == pytest.approx(0.09, abs=0.01)


def test_no_limit_lies_below_the_least_confidence():
    confidence = np.linspace(0.6, 0.99, 44)
    floor = _limits(confidence, [False] * 44, least_confidence=0.8)[0]
    assert floor.threshold == pytest.approx(confidence[confidence >= 0.8].min(), abs=1e-4)
    assert floor.answered == np.count_nonzero(confidence >= 0.8)
    assert _limits([0.7, 0.75], [False, False], least_confidence=0.8)[0].threshold == NEVER


def test_unsure_mistakes_are_cut_off():
    limit = _limits([0.99] * 40 + [0.7, 0.6], [False] * 40 + [True, True])[0]
    assert 0.7 < limit.threshold < 0.99
    assert (limit.answered, limit.errors) == (40, 0)


def test_thirty_copies_of_one_cell_count_as_one():
    confidence = [0.9] * 30 + [0.95] * 20
    limit = _limits(confidence, [False] * 50, groups=[0] * 30 + list(range(1, 21)))[0]
    assert limit.answered == 21
    assert limit.bound == pytest.approx(1 - 0.05 ** (1 / 21))


def test_an_original_is_wrong_if_most_of_its_copies_are():
    wrong = [True, True, False, True, False, False] + [False] * 20
    groups = [0, 0, 0, 1, 1, 1, *range(2, 22)]
    limit = _limits([0.9] * 26, wrong, groups, wanted_error=0.5)[0]
    assert (limit.answered, limit.errors) == (22, 1)


@pytest.mark.parametrize(("confidence", "wrong"), [([0.9, 0.8], [1, 1]), ([], [])])
def test_a_class_never_rightly_named_is_never_answered(confidence, wrong):
    for limit in _limits(confidence, wrong):
        assert limit.threshold == NEVER > 1
        assert (limit.answered, limit.bound, limit.coverage, limit.proven) == (0, 1.0, 0.0, False)


@given(
    st.lists(st.tuples(st.integers(51, 99), st.booleans(), st.integers(0, 8)), min_size=1, max_size=40),
    st.floats(0, 0.5),
    st.floats(0, 0.5),
)
def test_wanting_fewer_errors_never_lowers_a_threshold(pictures, one, other):
    percent, wrong, groups = zip(*pictures, strict=True)
    strict, lax = (
        _limits(np.asarray(percent) / 100, wrong, groups, wanted_error=wanted)[0]
        for wanted in sorted((one, other))
    )
    assert strict.threshold >= lax.threshold
    assert 0 <= lax.errors <= lax.answered <= len(set(groups))
    assert lax.threshold == NEVER or lax.coverage >= 0.7 - 1e-9
