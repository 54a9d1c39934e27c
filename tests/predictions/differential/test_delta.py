"""Every change is shown; a limit and an exact test flag it, and counting error is named but hides nothing."""

import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy.stats import fisher_exact

from predictions.differential.delta import compare
from tests.predictions.differential.counted import counted


def change_of(code, deltas):
    return next(delta for delta in deltas if delta.code == code)


def test_every_class_of_both_samples_is_returned():
    deltas = compare(
        counted(neutrophil=60, lymphocyte=35, blast=5), counted(lymphocyte=30, neutrophil=65, band=5)
    )
    assert [delta.code for delta in deltas] == ["lymphocyte", "neutrophil", "band", "blast"]
    blasts = change_of("blast", deltas)
    assert (blasts.previous_percent, blasts.percent, blasts.change) == (5, 0, -5)


def test_a_change_beyond_the_limit_is_flagged_even_within_counting_error():
    deltas = compare(counted(neutrophil=47, other=53), counted(neutrophil=58, other=42), limit_points=10)
    neutrophils = change_of("neutrophil", deltas)
    assert neutrophils.p > 0.05
    assert (neutrophils.change, neutrophils.beyond_limit, neutrophils.within_counting_error) == (
        11,
        True,
        True,
    )
    assert neutrophils.flagged


def test_a_significant_change_is_flagged_even_within_the_limit():
    deltas = compare(counted(basophil=0, other=400), counted(basophil=12, other=388), limit_points=10)
    basophils = change_of("basophil", deltas)
    assert (basophils.change, basophils.beyond_limit, basophils.within_counting_error) == (3, False, False)
    assert basophils.flagged


def test_a_change_of_exactly_the_limit_is_not_beyond_it():
    # In binary fractions 57 % less 47 % is not ten points.
    deltas = compare(counted(neutrophil=47, other=53), counted(neutrophil=57, other=43), limit_points=10)
    assert change_of("neutrophil", deltas).change == 10
    assert not any(delta.flagged for delta in deltas)


@pytest.mark.parametrize(("now", "significant"), [(58, False), (65, True)])
def test_without_a_limit_the_exact_test_decides(now, significant):
    neutrophils = compare(counted(neutrophil=47, other=53), counted(neutrophil=now, other=100 - now))[0]
    assert neutrophils.beyond_limit == neutrophils.flagged == significant
    assert neutrophils.within_counting_error != significant


@pytest.mark.parametrize("sides", [({}, {"neutrophil": 5}), ({"neutrophil": 5}, {"neutrophil": 0})])
def test_against_a_sample_without_leukocytes_there_is_no_change(sides):
    previous, current = sides
    (only,) = compare(counted(**previous), counted(**current), limit_points=1)
    assert (only.change, only.p, only.percent, only.flagged) == (None, None, None, False)


@given(st.integers(0, 200), st.integers(0, 400), st.sampled_from([None, 2.5, 10.0]))
def test_nothing_beyond_the_limit_or_beyond_counting_error_is_hidden(before, now, limit):
    previous = counted(neutrophil=before, other=200 - before)
    current = counted(neutrophil=now, other=400 - now)
    found = compare(previous, current, limit_points=limit)[0]
    p = fisher_exact([[before, 200 - before], [now, 400 - now]])[1]
    assert found.p == pytest.approx(p)
    assert found.change == pytest.approx(now / 4 - before / 2)
    beyond = limit is not None and abs(now / 4 - before / 2) > limit
    assert found.flagged == (beyond or p < 0.05)
    assert found.within_counting_error == (p >= 0.05)
    back = compare(current, previous, limit_points=limit)[0]
    assert (back.change, back.flagged) == (-found.change, found.flagged)
