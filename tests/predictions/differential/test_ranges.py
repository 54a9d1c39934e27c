"""Ages, the range that fits, flags with and without certainty, and what a laboratory typed wrongly."""

import json
from dataclasses import replace

import pytest
from hypothesis import given
from hypothesis import strategies as st

from predictions.differential import ranges
from predictions.differential.age import Age, AgeUnit
from predictions.differential.range_checks import check_ranges
from predictions.differential.ranges import Flag, Judgement, Quantity, ReferenceRange, Sex, find_range, judge
from predictions.differential.starter import STARTER_RANGES
from tests.predictions.differential.counted import counted

NAMES = {
    code: code.capitalize() for code in ("neutrophil", "lymphocyte", "monocyte", "eosinophil", "basophil")
}
MONTH = Age(1, AgeUnit.MONTHS).days
ages = st.builds(Age, st.integers(0, 130), st.sampled_from(AgeUnit))


def a_range(low=2.0, high=7.0, *, sex=Sex.ANY, start=0.0, end=None, quantity=Quantity.ABSOLUTE):
    return ReferenceRange("neutrophil", quantity, sex, start, end, low, high, "Source")


def found(among, age, sex="", quantity=Quantity.ABSOLUTE):
    return find_range(among, "neutrophil", quantity, sex, age)


def test_ages_are_ordered_by_their_length():
    assert Age(27, AgeUnit.DAYS) < Age(30, AgeUnit.DAYS) < Age(1, AgeUnit.MONTHS) < Age(31, AgeUnit.DAYS)
    assert Age(11, AgeUnit.MONTHS) < Age(1, AgeUnit.YEARS) == Age(12, AgeUnit.MONTHS)
    assert len({Age(1, AgeUnit.YEARS), Age(12, AgeUnit.MONTHS)}) == 1
    assert Age(1, AgeUnit.YEARS) != 365.25
    with pytest.raises(ValueError, match="zero or more"):
        Age(-1, AgeUnit.DAYS)


@given(ages, ages)
def test_of_two_ages_exactly_one_comes_first_or_both_are_equal(one, other):
    assert (one < other) + (one == other) + (one > other) == 1
    assert (one <= other) == (one.days <= other.days)


def test_ages_are_said_in_words():
    assert [Age(1, unit).words() for unit in AgeUnit] == ["1 day", "1 month", "1 year"]
    assert [Age(3, unit).words() for unit in AgeUnit] == ["3 days", "3 months", "3 years"]


def test_a_range_begins_on_its_first_day_and_ends_before_its_last():
    newborn, older = a_range(end=28.0), a_range(start=28.0, end=MONTH)
    both = [newborn, older]
    assert found(both, Age(0, AgeUnit.DAYS)) is newborn
    assert found(both, Age(27, AgeUnit.DAYS)) is newborn
    assert found(both, Age(28, AgeUnit.DAYS)) is older
    assert found(both, Age(30, AgeUnit.DAYS)) is older
    assert found(both, Age(1, AgeUnit.MONTHS)) is None
    assert found(both, Age(31, AgeUnit.DAYS)) is None


def test_sex_comes_before_age_and_a_narrow_age_before_a_wide_one():
    every, child, women = a_range(), a_range(end=6000.0), a_range(sex=Sex.FEMALE)
    among = [every, child, women]
    assert found(among, Age(5, AgeUnit.YEARS), "female") is women
    assert found(among, Age(5, AgeUnit.YEARS), "male") is child
    assert found(among, Age(5, AgeUnit.YEARS), "") is child
    assert found(among, Age(50, AgeUnit.YEARS), "unknown") is every
    assert found(among, Age(5, AgeUnit.YEARS), quantity=Quantity.PERCENT) is None


def test_an_unknown_age_fits_only_ranges_for_every_age():
    assert found([a_range(start=6574.5), a_range(end=6574.5)], None) is None
    everybody = a_range()
    assert found([a_range(end=6574.5), everybody], None) is everybody
    assert found(STARTER_RANGES, None) is None


def test_a_value_on_a_limit_lies_inside():
    assert [ranges.flag(value, a_range(2.0, 7.0)) for value in (1.99, 2.0, 7.0, 7.01)] == [
        "low",
        "",
        "",
        "high",
    ]


@pytest.mark.parametrize(
    ("neutrophils", "wbc", "judgement"),
    [
        (60, "6.0", Judgement(Flag.NONE, certain=False)),
        (70, "10.0", Judgement(Flag.NONE, certain=False)),
        (75, "10.0", Judgement(Flag.HIGH, certain=False)),
        (85, "10.0", Judgement(Flag.HIGH, certain=True)),
        (18, "10.0", Judgement(Flag.LOW, certain=False)),
        (5, "10.0", Judgement(Flag.LOW, certain=True)),
        (5, None, Judgement(Flag.NONE, certain=False)),
    ],
)
def test_a_flag_is_certain_when_the_whole_interval_lies_outside(neutrophils, wbc, judgement):
    row = counted(wbc, neutrophil=neutrophils, lymphocyte=100 - neutrophils).rows[0]
    assert judge(row, a_range(2.0, 7.0)) == judgement


def test_percent_is_judged_by_percent():
    row = counted("1.0", neutrophil=95, lymphocyte=5).rows[0]
    shares = a_range(40.0, 80.0, quantity=Quantity.PERCENT)
    assert judge(row, shares) == Judgement(Flag.HIGH, certain=True)
    assert judge(counted(neutrophil=0).rows[0], shares) == Judgement(Flag.NONE, certain=False)


@given(st.integers(0, 200), st.floats(0, 50), st.floats(50, 100))
def test_a_certain_flag_is_never_on_the_other_side(number, low, high):
    row = counted(neutrophil=number, other=200 - number).rows[0]
    verdict = judge(row, a_range(low, high, quantity=Quantity.PERCENT))
    assert (verdict.flag == Flag.NONE) == (low <= row.percent <= high)
    if verdict.certain:
        assert row.interval.high * 100 < low if verdict.flag == Flag.LOW else row.interval.low * 100 > high


@pytest.mark.parametrize(
    ("wrong", "sentence"),
    [
        ([a_range(8.0, 7.0)], "Neutrophil: the lower limit 8 is above the upper limit 7."),
        ([a_range(-1.0)], "Neutrophil: the lower limit is below zero."),
        ([a_range(high=101.0, quantity=Quantity.PERCENT)], "Neutrophil: the upper limit is above 100 %."),
        ([a_range(high=float("nan"))], "Neutrophil: both limits have to be numbers."),
        ([a_range(start=10.0, end=10.0)], "Neutrophil: the age at which the range ends has to be after"),
        ([replace(a_range(), source=" ")], "Neutrophil: say where the range comes from"),
        ([replace(a_range(), code="neutrofil")], "There is no class “neutrofil” in the catalogue."),
        ([a_range(end=28.0), a_range(start=27.0)], "Neutrophil: two ranges of the same kind and sex"),
        ([a_range(), a_range(1.0)], "Neutrophil: two ranges of the same kind and sex"),
    ],
)
def test_each_fault_is_said(wrong, sentence):
    faults = check_ranges(wrong, NAMES)
    assert len(faults) == 1
    assert faults[0].startswith(sentence)


@pytest.mark.parametrize(
    "right",
    [
        [a_range(end=28.0), a_range(start=28.0)],
        [a_range(end=28.0), a_range(start=100.0)],
        [a_range(), a_range(end=28.0)],
        [a_range(), a_range(sex=Sex.MALE), a_range(quantity=Quantity.PERCENT)],
        STARTER_RANGES,
    ],
)
def test_neighbours_gaps_and_a_range_for_every_age_are_no_fault(right):
    assert check_ranges(right, NAMES) == []


def test_the_starter_set_holds_adults_and_children():
    assert (
        find_range(STARTER_RANGES, "neutrophil", Quantity.ABSOLUTE, "male", Age(40, AgeUnit.YEARS)).high
        == 7.0
    )
    infant = find_range(STARTER_RANGES, "lymphocyte", Quantity.ABSOLUTE, "female", Age(4, AgeUnit.MONTHS))
    assert (infant.low, infant.high) == (4.0, 13.5)
    for code in ("neutrophil", "lymphocyte"):
        for months in range(18 * 12 + 2):
            age = Age(months, AgeUnit.MONTHS)
            assert find_range(STARTER_RANGES, code, Quantity.ABSOLUTE, "", age) is not None, age


def test_ranges_come_back_from_json():
    again = ranges.from_json(json.loads(json.dumps(ranges.to_json(STARTER_RANGES))))
    assert again == STARTER_RANGES
    assert all(isinstance(each.quantity, Quantity) and isinstance(each.sex, Sex) for each in again)


GOOD = ranges.to_json([a_range()])[0]


@pytest.mark.parametrize(
    "stored",
    [
        None,
        {"code": "neutrophil"},
        ["neutrophil"],
        [{key: value for key, value in GOOD.items() if key != "low"}],
        [{**GOOD, "unit": "percent"}],
        [{**GOOD, "low": "2"}],
        [{**GOOD, "low": True}],
        [{**GOOD, "low": float("inf")}],
        [{**GOOD, "code": 5}],
        [{**GOOD, "sex": "f"}],
        [{**GOOD, "quantity": "any"}],
    ],
)
def test_what_is_no_list_of_ranges_is_refused(stored):
    with pytest.raises(ValueError, match=r"list of records|Record 1"):
        ranges.from_json(stored)
