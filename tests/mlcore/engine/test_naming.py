"""Folder names become classes: the known ones in every spelling, own ones, and slips of the pen are told."""

import pytest

from mlcore.engine.contracts import LABELS
from mlcore.engine.errors import DataError
from mlcore.engine.naming import are_labels, label_of_folder, ordered


@pytest.mark.parametrize(
    ("name", "label"),
    [
        ("EOSINOPHIL", "eosinophil"),
        ("ig", "immature_granulocyte"),
        ("IG", "immature_granulocyte"),
        ("Immature-Granulocytes", "immature_granulocyte"),
        ("neutrophils", "neutrophil"),
        ("Mast cell", "mast_cell"),
        ("neutrophil_band", "neutrophil_band"),
        ("prolymphocyte", "prolymphocyte"),
        ("mature granulocyte", "mature_granulocyte"),
        ("unicorns", "unicorns"),
    ],
)
def test_a_name_becomes_a_class(name, label):
    assert label_of_folder(name) == label


@pytest.mark.parametrize(
    ("name", "meant"),
    [
        ("neutrophill", "neutrophil"),
        ("lymphocite", "lymphocyte"),
        ("Eosinofil", "eosinophil"),
        ("platelt", "platelet"),
    ],
)
def test_a_slip_of_the_pen_is_no_new_class(name, meant):
    with pytest.raises(DataError, match=f"Did you mean “{meant}”"):
        label_of_folder(name)


@pytest.mark.parametrize(
    "name", ["x", "12", "none", "None", "a" * 33, "mast\tcell", "mast\ncell", "cell!", "__"]
)
def test_what_is_no_name_is_refused_in_one_line(name):
    with pytest.raises(DataError, match="no name for a class") as refusal:
        label_of_folder(name)
    assert "\n" not in str(refusal.value)


def test_known_classes_come_first_and_others_by_the_alphabet():
    assert ordered(["zebra", "platelet", "blast", "neutrophil", "blast"]) == (
        "neutrophil",
        "platelet",
        "blast",
        "zebra",
    )
    assert ordered(reversed(LABELS)) == LABELS


@pytest.mark.parametrize(
    ("labels", "fine"),
    [
        ([*LABELS, "mast_cell"], True),
        ([], False),
        (["blast", "blast"], False),
        (["Blast"], False),
        (["none"], False),
        (["mast cell"], False),
        ("blast", False),
        ([1], False),
    ],
)
def test_a_bundle_may_name_well_formed_classes_once(labels, fine):
    assert are_labels(labels) is fine
