"""Intervals against the published table, against scipy, and against what an interval has to do."""

import math
import time

import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy.stats import beta, binomtest, fisher_exact

from predictions.differential.intervals import clopper_pearson, more_cells
from predictions.differential.proportions import two_proportions

# Rümke's 95 % limits, rounded outward to whole percent, as haematology textbooks print them.
RUMKE = {
    100: {
        0: (0, 4), 1: (0, 6), 2: (0, 8), 3: (0, 9), 4: (1, 10), 5: (1, 12), 6: (2, 13), 7: (2, 14),
        8: (3, 16), 9: (4, 17), 10: (4, 18), 15: (8, 24), 20: (12, 30), 25: (16, 35), 30: (21, 40),
        35: (25, 46), 40: (30, 51), 45: (35, 56), 50: (39, 61),
    },
    200: {
        0: (0, 2), 1: (0, 4), 2: (0, 6), 3: (1, 7), 4: (1, 8), 5: (2, 10), 6: (3, 11), 7: (3, 12),
        8: (4, 13), 9: (5, 14), 10: (6, 16), 15: (10, 21), 20: (14, 27), 25: (19, 32), 30: (23, 37),
        35: (28, 43), 40: (33, 48), 50: (42, 58),
    },
    500: {
        0: (0, 1), 1: (0, 3), 2: (0, 4), 3: (1, 5), 4: (2, 7), 5: (3, 8), 6: (4, 9), 10: (7, 13),
        50: (45, 55),
    },
    1000: {
        0: (0, 1), 1: (0, 2), 2: (1, 4), 3: (2, 5), 4: (2, 6), 5: (3, 7), 10: (8, 13), 20: (17, 23),
        50: (46, 54),
    },
}  # fmt: skip
TABLE = [(n, percent, limits) for n, column in RUMKE.items() for percent, limits in column.items()]

counts = st.integers(1, 1200).flatmap(lambda n: st.tuples(st.integers(0, n), st.just(n)))


def half(cells, total):
    """Half the width in points, by scipy's own quantile and with fractions of a cell."""
    low = beta.ppf(0.025, cells, total - cells + 1) if cells > 0 else 0
    high = beta.ppf(0.975, cells + 1, total - cells) if cells < total else 1
    return 50 * (high - low)


@pytest.mark.parametrize(("n", "percent", "limits"), TABLE)
def test_the_limits_are_those_of_the_published_table(n, percent, limits):
    found = clopper_pearson(percent * n // 100, n).scaled(100)
    assert (math.floor(found.low), math.ceil(found.high)) == limits


@pytest.mark.parametrize(
    ("k", "low", "high"), [(0, 0.0, 3.6), (1, 0.03, 5.4), (5, 1.6, 11.3), (10, 4.9, 17.6), (50, 39.8, 60.2)]
)
def test_the_limits_of_a_hundred_cells_to_a_tenth(k, low, high):
    found = clopper_pearson(k, 100).scaled(100)
    assert (found.low, found.high) == (pytest.approx(low, abs=0.05), pytest.approx(high, abs=0.05))


@given(counts, st.sampled_from([0.5, 0.9, 0.95, 0.99]))
def test_the_limits_are_those_of_scipy(count, confidence):
    k, n = count
    found = clopper_pearson(k, n, confidence)
    expected = binomtest(k, n).proportion_ci(confidence, method="exact")
    assert found.low == pytest.approx(expected.low, abs=1e-9)
    assert found.high == pytest.approx(expected.high, abs=1e-9)


@given(counts)
def test_an_interval_holds_its_share_and_widens_with_confidence_and_mirrors(count):
    k, n = count
    narrow, usual, wide = (clopper_pearson(k, n, level) for level in (0.8, 0.95, 0.999))
    assert 0 <= wide.low <= usual.low <= narrow.low <= k / n <= narrow.high <= usual.high <= wide.high <= 1
    other = clopper_pearson(n - k, n)
    assert other.low == pytest.approx(1 - usual.high, abs=1e-12)


@given(counts, st.integers(2, 50))
def test_an_interval_of_the_same_share_shrinks_with_more_cells(count, times):
    k, n = count
    assert clopper_pearson(k * times, n * times).half_width < clopper_pearson(k, n).half_width


def test_nothing_counted_is_nothing_known():
    assert (clopper_pearson(0, 0).low, clopper_pearson(0, 0).high) == (0.0, 1.0)


@pytest.mark.parametrize(
    ("k", "n", "level"), [(-1, 5, 0.95), (6, 5, 0.95), (1, -1, 0.95), (1, 5, 0), (1, 5, 1)]
)
def test_what_is_no_count_is_refused(k, n, level):
    with pytest.raises(ValueError, match=r"count|confidence"):
        clopper_pearson(k, n, level)


@given(counts, st.floats(0.5, 30))
def test_more_cells_reach_the_width_and_one_less_does_not(count, points):
    k, n = count
    more = more_cells(k, n, points)
    total = n + more
    assert half(k * total / n, total) <= points + 1e-9
    if more:
        assert half(k * (total - 1) / n, total - 1) > points - 1e-9


def test_more_cells_for_the_case_on_the_screen():
    # 61 neutrophils of 100: the interval is 50.7 to 70.6, that is plus-minus 9.9.
    assert more_cells(61, 100, 10) == 0
    assert 0 < more_cells(61, 100, 7) < more_cells(61, 100, 5) < 400
    # No cell yet: about 400 for plus-minus five points at one half.
    first = more_cells(0, 0, 5)
    assert half(first / 2, first) <= 5 < half((first - 1) / 2, first - 1)
    assert more_cells(0, 0, 50) == 0
    # Nothing seen in 100: the upper limit falls to 1 % at 368 cells, the known 3.69 / n.
    assert more_cells(0, 100, 0.5) == math.ceil(math.log(0.025) / math.log(0.99)) - 100


def test_more_cells_is_quick_for_a_hundred_thousand():
    began = time.process_time()
    for k in range(0, 100_000, 5000):
        more_cells(k, 100_000, 0.05)
    assert time.process_time() - began < 0.5


@pytest.mark.parametrize(("k", "n", "points"), [(1, 10, 0), (1, 10, -1), (1, 10, math.nan), (11, 10, 5)])
def test_a_width_that_no_count_reaches_is_refused(k, n, points):
    with pytest.raises(ValueError, match=r"half-width|count"):
        more_cells(k, n, points)


@given(counts, counts)
def test_two_proportions_are_fishers_exact_test(first, second):
    (k1, n1), (k2, n2) = first, second
    p = two_proportions(k1, n1, k2, n2)
    assert p == pytest.approx(fisher_exact([[k1, n1 - k1], [k2, n2 - k2]])[1])
    assert p == pytest.approx(two_proportions(k2, n2, k1, n1), rel=1e-6)
    assert 0 <= p <= 1


def test_two_proportions_by_hand():
    # Fisher's tea: 3 of 4 against 1 of 4 is 34/70.
    assert two_proportions(3, 4, 1, 4) == pytest.approx(34 / 70)
    assert two_proportions(0, 0, 5, 10) == 1.0
    with pytest.raises(ValueError, match="count"):
        two_proportions(5, 4, 1, 4)
