"""What is in the denominator, what is beside it, and the concentrations that follow."""

from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from predictions.differential.counts import CountsAs, SmudgePolicy, Tally, count_differential
from predictions.differential.intervals import clopper_pearson
from tests.predictions.differential.counted import counted

APART = [
    ("erythroblast", CountsAs.NRBC, 8),
    ("platelet", CountsAs.PLATELET, 31),
    ("smudge", CountsAs.SMUDGE, 20),
    ("not_a_cell", CountsAs.ARTEFACT, 3),
]


def row(differential, code):
    return next(row for row in differential.rows if row.code == code)


def test_only_leukocytes_are_in_the_denominator():
    found = counted(
        "10.8", neutrophil=60, lymphocyte=30, monocyte=10, basophil=0, apart=APART, unidentified=7
    )
    assert (found.total, found.unidentified, found.nrbc) == (100, 7, 8)
    assert (found.platelets, found.smudges, found.artefacts) == (31, 20, 3)
    assert [each.code for each in found.rows] == ["neutrophil", "lymphocyte", "monocyte", "basophil"]
    assert [each.percent for each in found.rows] == [60, 30, 10, 0]
    assert row(found, "neutrophil").interval == clopper_pearson(60, 100)


def test_the_wbc_count_is_corrected_by_the_erythroblasts():
    found = counted("10.8", neutrophil=60, lymphocyte=40, apart=APART)
    assert found.nrbc_per_100 == 8
    assert found.corrected_wbc == Decimal(10)
    assert row(found, "neutrophil").absolute == 6.0
    interval = row(found, "neutrophil").absolute_interval
    assert interval.low == pytest.approx(10 * clopper_pearson(60, 100).low)
    assert interval.high == pytest.approx(10 * clopper_pearson(60, 100).high)


def test_more_erythroblasts_than_leukocytes_are_a_ratio_above_a_hundred():
    found = counted("30", neutrophil=50, apart=[("erythroblast", CountsAs.NRBC, 100)])
    assert found.nrbc_per_100 == 200
    assert found.corrected_wbc == 10


def test_a_class_in_use_without_cells_is_a_row_with_an_upper_limit():
    basophils = row(counted("5", neutrophil=100, basophil=0), "basophil")
    assert (basophils.number, basophils.percent, basophils.absolute) == (0, 0, 0)
    assert basophils.interval.low == 0
    assert basophils.interval.high == pytest.approx(0.0362, abs=1e-4)


def test_smudge_cells_go_to_the_lymphocytes_where_the_laboratory_says_so():
    policy = SmudgePolicy.AS_LYMPHOCYTES
    found = counted(neutrophil=40, lymphocyte=40, apart=APART, policy=policy)
    assert (found.total, found.number("lymphocyte"), found.smudges) == (100, 60, 20)
    assert counted(neutrophil=40, apart=APART, policy=policy).number("lymphocyte") == 20
    assert [each.code for each in counted(neutrophil=40, policy=policy).rows] == ["neutrophil"]


def test_nothing_counted_has_no_shares():
    found = counted("5", neutrophil=0, unidentified=4, apart=APART)
    only = row(found, "neutrophil")
    assert (only.share, only.percent, only.interval, only.absolute, only.absolute_interval) == (None,) * 5
    assert (found.nrbc_per_100, found.corrected_wbc, found.unidentified) == (None, None, 4)


def test_without_a_wbc_count_there_are_shares_and_no_concentrations():
    only = row(counted(neutrophil=10), "neutrophil")
    assert only.share == 1
    assert (only.absolute, only.absolute_interval) == (None, None)


def test_values_on_a_limit_are_exact():
    # As binary fractions these are 7.000000000000001 and 0.30000000000000004.
    assert row(counted(eosinophil=7, other=93), "eosinophil").percent == 7
    assert row(counted("3.0", monocyte=10, other=90), "monocyte").absolute == 0.3


@given(
    st.lists(st.integers(0, 400), min_size=1, max_size=14).filter(any),
    st.integers(0, 300),
    st.decimals("0.01", "400", places=2),
)
def test_shares_sum_to_one_and_concentrations_to_the_corrected_count(numbers, nrbc, wbc):
    tallies = [Tally(f"class_{place}", CountsAs.LEUKOCYTE, number) for place, number in enumerate(numbers)]
    tallies.append(Tally("erythroblast", CountsAs.NRBC, nrbc))
    found = count_differential(tallies, unidentified=0, wbc=wbc, smudge_policy=SmudgePolicy.APART)
    assert sum(each.share for each in found.rows) == pytest.approx(1)
    assert sum(each.absolute for each in found.rows) == pytest.approx(float(found.corrected_wbc))
    assert float(found.corrected_wbc) == pytest.approx(float(wbc) * 100 / (100 + found.nrbc_per_100))
    for each in found.rows:
        assert each.absolute_interval.low <= each.absolute + 1e-12
        assert each.absolute <= each.absolute_interval.high + 1e-12


@pytest.mark.parametrize(
    "build",
    [
        lambda: counted(neutrophil=-1),
        lambda: counted(neutrophil=1, unidentified=-1),
        lambda: counted("-0.1", neutrophil=1),
        lambda: counted("NaN", neutrophil=1),
        lambda: counted(neutrophil=1, apart=[("neutrophil", CountsAs.LEUKOCYTE, 1)]),
    ],
)
def test_what_cannot_have_been_counted_is_refused(build):
    with pytest.raises(ValueError, match=r"below zero|zero or more|twice"):
        build()
