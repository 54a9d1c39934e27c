"""Paired shares: against published limits, against simulation, and honest about few cells."""

import numpy as np
import pytest
from scipy.stats import norm

from mlcore.engine.noninferiority import (
    Verdict,
    at_least,
    not_inferior,
    paired_difference,
)


def table(both, only_second, only_first, neither):
    """Return the difference of a fourfold table of independent pairs."""
    counts = (both, only_second, only_first, neither)
    first = np.repeat([True, False, True, False], counts)
    second = np.repeat([True, True, False, False], counts)
    everyone = np.ones(len(first), dtype=bool)
    return paired_difference(first, second, np.arange(len(first)), of_first=everyone, of_second=everyone)


@pytest.mark.parametrize(
    ("counts", "low", "high"),
    [
        # Newcombe 1998, Statistics in Medicine 17:2635, table III, method 10.
        ((36, 12, 2, 0), 0.0569, 0.3404),
        ((36, 14, 0, 0), 0.1528, 0.4167),
    ],
)
def test_independent_pairs_have_the_published_limits(counts, low, high):
    found = table(*counts)
    assert (found.low, found.high) == (pytest.approx(low, abs=5e-5), pytest.approx(high, abs=5e-5))


@pytest.mark.parametrize(
    ("cells", "verdict"), [(50, Verdict.NOT_PROVEN), (180, Verdict.NOT_PROVEN), (190, Verdict.PASSED)]
)
def test_two_faultless_models_need_cells_enough(cells, verdict):
    assert not_inferior(table(cells, 0, 0, 0), 0.02) is verdict


def test_a_worse_model_fails_and_a_slightly_worse_one_is_not_proven():
    assert not_inferior(table(850, 10, 90, 50), 0.02) is Verdict.FAILED
    assert not_inferior(table(880, 30, 45, 45), 0.02) is Verdict.NOT_PROVEN
    assert not_inferior(table(40, 0, 1, 0), 0.02) is Verdict.NOT_PROVEN
    assert not_inferior(table(850, 90, 10, 50), 0.02) is Verdict.PASSED


def test_copies_of_one_original_count_once():
    cells = np.ones(400, dtype=bool)
    apart = paired_difference(cells, cells, np.arange(400), of_first=cells, of_second=cells)
    copies = paired_difference(cells, cells, np.arange(400) // 20, of_first=cells, of_second=cells)
    assert not_inferior(apart, 0.02) is Verdict.PASSED
    assert copies.first.effective == pytest.approx(20)
    assert not_inferior(copies, 0.02) is Verdict.NOT_PROVEN


def test_a_share_of_nothing_is_refused():
    nothing = np.zeros(3, dtype=bool)
    with pytest.raises(ValueError, match="no cells"):
        paired_difference(nothing, nothing, np.arange(3), of_first=nothing, of_second=~nothing)


def test_a_target_is_reached_missed_or_not_proven():
    assert at_least(0.96, 0.99, 0.95) is Verdict.PASSED
    assert at_least(0.90, 0.94, 0.95) is Verdict.FAILED
    assert at_least(0.90, 0.99, 0.95) is Verdict.NOT_PROVEN


def drawn(random, groups, size, shares, alike):
    """Draw whether two models name cells rightly; ``alike`` is how much a group hangs together."""
    group = random.normal(size=(groups, 1)) * np.sqrt(alike)
    cell = random.normal(size=(groups, size)) * np.sqrt((1 - alike) / 2)
    own = [random.normal(size=(groups, size)) * np.sqrt((1 - alike) / 2) for _share in shares]
    return [(group + cell + one < norm.ppf(share)).ravel() for one, share in zip(own, shares, strict=True)]


@pytest.mark.parametrize(("groups", "size", "alike"), [(200, 1, 0.0), (100, 5, 0.5), (40, 10, 0.3)], ids=str)
def test_limits_hold_what_they_promise_and_the_margin_is_rarely_missed(groups, size, alike):
    random, times, margin = np.random.default_rng(7), 600, 0.02
    names, everyone = np.repeat(np.arange(groups), size), np.ones(groups * size, dtype=bool)
    covered = passed = 0
    for _ in range(times):
        # The candidate is worse by exactly the margin: to pass it is the error that the gate may rarely make.
        first, second = drawn(random, groups, size, (0.95, 0.93), alike)
        found = paired_difference(first, second, names, of_first=everyone, of_second=everyone)
        covered += found.low <= -margin <= found.high
        passed += not_inferior(found, margin) is Verdict.PASSED
    assert covered / times > 0.93
    assert passed / times < 0.045
