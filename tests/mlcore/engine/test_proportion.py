"""Shares with their limits: against published ones, against simulation, and where little is known."""

import numpy as np
import pytest

from mlcore.engine.proportion import f1_of, mean_of, proportion


def width(share):
    return share.high - share.low


def test_independent_cells_have_wilsons_limits():
    # Newcombe 1998, Statistics in Medicine 17:857, table I, method 3: 81 of 263.
    found = proportion(np.arange(263) < 81, np.arange(263))
    assert found.effective == pytest.approx(263, rel=0.005)
    assert (found.low, found.high) == (pytest.approx(0.2553, abs=3e-4), pytest.approx(0.3662, abs=3e-4))
    rest = proportion(np.arange(263) >= 81, np.arange(263))
    assert found.rest().told() == pytest.approx(rest.told())


def test_copies_of_few_originals_tell_little():
    right = np.repeat([True, False, True, True], 50)
    copies, singles = proportion(right, np.arange(200) // 50), proportion(right, np.arange(200))
    assert (copies.cells, copies.effective) == (200, 4)
    assert width(copies) > 3 * width(singles)
    more = np.arange(1600) % 4 > 0
    assert width(proportion(more, np.arange(1600))) == pytest.approx(
        width(proportion(more[:100], np.arange(100))) / 4, rel=0.15
    )


def test_where_nothing_was_wrong_or_little_an_original_counts_once():
    for wrong in (0, 3):
        found = proportion(np.arange(500) >= wrong, np.arange(500) // 10)
        assert found.effective == 50
        assert found.low < 0.93


@pytest.mark.parametrize(("share", "alike"), [(0.8, 0.0), (0.95, 0.0), (0.98, 0.0), (0.95, 0.2), (0.98, 0.2)])
def test_the_limits_hold_what_they_say(share, alike):
    random = np.random.default_rng(3)
    held = 0
    for _ in range(400):
        sizes = random.integers(1, 10, 64)
        groups = np.repeat(np.arange(64), sizes)
        truth = np.full(64, share)
        if alike:
            truth = random.beta(share * (1 - alike) / alike, (1 - share) * (1 - alike) / alike, 64)
        found = proportion(random.random(len(groups)) < truth[groups], groups)
        held += found.low <= share <= found.high
    # Three standard errors of 400 draws below 95 %.
    assert held / 400 > 0.917


def test_f1_has_the_limits_of_the_share_that_is_right_of_all_concerned():
    overlap = proportion(np.arange(60) < 40, np.arange(60))
    told = f1_of(overlap)
    assert told["value"] == pytest.approx(2 * 40 / (2 * 40 + 20))
    assert told["low"] < told["value"] < told["high"]
    assert told["low"] == pytest.approx(2 * overlap.low / (1 + overlap.low))


def test_a_mean_is_surer_than_its_parts_and_stays_a_share():
    parts = [proportion(np.arange(50) < hits, np.arange(50)) for hits in (50, 48, 44, 49)]
    told = mean_of(parts)
    assert told["value"] == pytest.approx((50 + 48 + 44 + 49) / 200)
    assert told["high"] - told["low"] < min(width(one) for one in parts)
    assert mean_of(parts[:1]) == pytest.approx(parts[0].told())


def test_a_share_of_nothing_is_refused():
    with pytest.raises(ValueError, match="no cells"):
        proportion(np.zeros(0, dtype=bool), np.arange(0))
