"""Critical values are told whatever the counting error, and limits that make no sense are named."""

import json
from dataclasses import replace

import pytest

from predictions.differential import criticals as limits_of
from predictions.differential.critical_checks import check_limits
from predictions.differential.criticals import CriticalLimit, CriticalQuantity, criticals
from predictions.differential.starter import STARTER_LIMITS
from tests.predictions.differential.counted import counted

NAMES = {
    "neutrophil": "Neutrophils",
    "band_neutrophil": "Band forms",
    "blast": "Blasts",
    "lymphocyte": "Lymphocytes",
}
PERCENT = CriticalLimit("lymphocyte", CriticalQuantity.PERCENT, low=5.0, high=90.0)
LOW = CriticalLimit("neutrophil", CriticalQuantity.ABSOLUTE, low=0.5, high=None)


def sentences(differential, limits=STARTER_LIMITS):
    return [each.sentence for each in criticals(differential, limits, NAMES)]


def test_few_neutrophils_are_critical_by_their_concentration():
    found = criticals(counted("2.0", neutrophil=20, band_neutrophil=4, lymphocyte=76), STARTER_LIMITS, NAMES)
    assert [(each.code, each.side, each.limit) for each in found] == [
        ("neutrophil", "low", STARTER_LIMITS[0])
    ]
    assert found[0].value == 0.48
    assert found[0].sentence == (
        "Neutrophils + Band forms: 0.48 ×10⁹/L is below the critical limit of 0.5 ×10⁹/L."
    )


def test_band_forms_count_as_neutrophils_and_the_limit_itself_is_not_critical():
    assert sentences(counted("2.0", neutrophil=20, band_neutrophil=5, lymphocyte=75)) == []
    assert len(sentences(counted("2.0", neutrophil=24, band_neutrophil=0, lymphocyte=76))) == 1


def test_a_value_just_beyond_the_limit_is_not_shown_as_the_limit():
    assert "0.4985 ×10⁹/L is below" in sentences(counted("0.997", neutrophil=50, lymphocyte=50))[0]


def test_without_a_wbc_count_no_concentration_is_judged():
    assert sentences(counted(neutrophil=0, lymphocyte=100)) == []


def test_one_blast_is_critical_and_none_is_not():
    assert sentences(counted(lymphocyte=199, blast=1)) == ["Blasts: 1 cell seen. A single one is critical."]
    assert sentences(counted(lymphocyte=98, blast=2)) == ["Blasts: 2 cells seen. A single one is critical."]
    assert sentences(counted(lymphocyte=98, blast=0)) == []


@pytest.mark.parametrize(("number", "side"), [(4, "low"), (5, None), (90, None), (91, "high")])
def test_a_share_may_be_critical_on_both_sides(number, side):
    found = criticals(counted(lymphocyte=number, neutrophil=100 - number), [PERCENT], NAMES)
    assert [each.side for each in found] == ([side] if side else [])
    assert all(f"{number}.00 % is" in each.sentence for each in found)


def test_nothing_counted_is_not_critical():
    assert sentences(counted("0.1", neutrophil=0, blast=0, unidentified=3), [*STARTER_LIMITS, PERCENT]) == []


@pytest.mark.parametrize(
    ("wrong", "sentence"),
    [
        ([replace(LOW, code="neutrofil")], "There is no class “neutrofil” in the catalogue."),
        ([replace(LOW, also=("bands",))], "There is no class “bands” in the catalogue."),
        ([replace(LOW, also=("neutrophil",))], "Neutrophils: a class is added to itself or twice."),
        (
            [replace(LOW, also=("band_neutrophil", "band_neutrophil"))],
            "Neutrophils: a class is added to itself or twice.",
        ),
        ([replace(LOW, low=None)], "Neutrophils: set a lower or an upper critical limit."),
        ([replace(LOW, high=0.4)], "Neutrophils: the lower critical limit is above the upper one."),
        ([replace(LOW, low=-0.5)], "Neutrophils: a critical limit is below zero."),
        ([replace(LOW, quantity=CriticalQuantity.ANY)], "Neutrophils: where a single cell is critical"),
        ([LOW, replace(LOW, low=1.0)], "Neutrophils has more than one critical limit of the same kind."),
    ],
)
def test_each_fault_is_said(wrong, sentence):
    faults = check_limits(wrong, NAMES)
    assert len(faults) == 1
    assert faults[0].startswith(sentence)


def test_sensible_limits_have_no_fault():
    assert check_limits([*STARTER_LIMITS, PERCENT], NAMES) == []


def test_limits_come_back_from_json():
    every = (*STARTER_LIMITS, PERCENT)
    again = limits_of.from_json(json.loads(json.dumps(limits_of.to_json(every))))
    assert again == every
    assert isinstance(again[0].quantity, CriticalQuantity)


@pytest.mark.parametrize("also", [None, "band_neutrophil", [1]])
def test_what_is_no_list_of_limits_is_refused(also):
    stored = limits_of.to_json(STARTER_LIMITS)
    with pytest.raises(ValueError, match="Record 2"):
        limits_of.from_json([stored[0], {**stored[1], "also": also}])
