"""The card says what the bundle's files say, and nothing else."""

import copy
import json

import pytest

from mlcore.engine.bundle import SHIPPED_BUNDLE, read_bundle
from mlcore.engine.card import NEVER_SHOWN, card, never_shown
from mlcore.engine.card_figures import table
from mlcore.engine.evaluate import report
from mlcore.engine.outcomes import Outcome

PART = {
    "pictures": 40,
    "originals": 38,
    "by_source_and_class": {"smears/neutrophil": 30, "smears/monocyte": 10},
}
MANIFEST = {
    "version": "7.0",
    "labels": ["neutrophil", "monocyte"],
    "preprocessing": {"whole": False},
    "data": {"training": PART, "dropped": {"pictures": 0, "originals": 0, "by_source_and_class": {}}},
    "training": {"recipe": "cell"},
    "calibration": {
        "temperature": 1.25,
        "wanted_error": 0.01,
        "validation_cells": 90,
        "coverage": 0.875,
        "accepted_error": 0.004,
        "classes": {
            "neutrophil": {
                "threshold": 0.71,
                "answered": 400,
                "errors": 0,
                "bound": 0.0075,
                "coverage": 0.93,
                "proven": True,
            },
            "monocyte": {
                "threshold": 1.01,
                "answered": 12,
                "errors": 1,
                "bound": 0.339,
                "coverage": 0.0,
                "proven": False,
            },
        },
    },
    "validation_accuracy": {"network.tflite": 0.944},
    "serving": "network.tflite",
}
FIGURE = {"value": 0.97, "low": 0.931, "high": 0.992}
FIGURES = {
    "unseen.json": {
        "protocol": "trained on one laboratory, judged on another",
        "rows": [
            {
                "name": "pbc, never seen",
                "trained_on": ["bccd"],
                "judged_on": "pbc",
                "classes": ["neutrophil", "monocyte"],
                "cells": 1234,
                "originals": 1200,
                "balanced_accuracy": {"value": 0.752, "low": 0.7, "high": 0.8},
                "accuracy": FIGURE,
                "coverage": 0.61,
                "error_of_answers": None,
            }
        ],
        "ablation": [{"row": 1, "change": "no stain jitter", "to_pbc": FIGURE}],
    },
    "locator.json": {
        "sets": {
            "fields": {"pictures": 69, "leukocytes": 106, "recall": FIGURE, "precision": 0.98, "f1": FIGURE}
        },
        "curve": [[0.4, 0.97, 0.98]],
        "threshold": 0.4,
    },
    "refusal.json": {
        "kinds": [
            {
                "kind": "photographs",
                "n": 40,
                "sources": {"china": 30, "flower": 10},
                "refused": 31,
                "share": 0.775,
                "bound": 0.36,
                "reasons": {"not a smear": 31},
                "named": {"monocyte": 9},
            }
        ]
    },
    "speed.json": {"machine": "one core", "rows": [{"what": "a cell", "milliseconds": 3.24}]},
}


@pytest.fixture
def manifest():
    return copy.deepcopy(MANIFEST)


def evaluation():
    """Two originals with five copies each, all read rightly, and one other read as a basophil."""
    outcomes = [Outcome(str(n), "neutrophil", "neutrophil", 0.9, False, n // 5) for n in range(10)]
    outcomes.append(Outcome("x", "monocyte", "basophil", 0.9, False, 9))
    return {"a set": report(outcomes, ("neutrophil", "basophil", "monocyte"))}


def test_a_persons_own_folder_is_told_without_a_word_about_public_sets(manifest):
    text = card(manifest, {})
    assert "# Model card: cell reader 7.0" in text
    assert "| folder “smears” | the laboratory's own | 40 | 0 |" in text
    assert "| neutrophil | 30 |" in text
    assert "It learned from one laboratory (smears)" in text
    for public in ("Kaggle", "PBC", "BCCD", "ImageNet", "TXL"):
        assert public not in text


def test_missing_files_leave_their_sections_out(manifest):
    text = card(manifest, {})
    for section in ("## Figures", "## A laboratory", "## Finding cells", "## What it must", "## Speed"):
        assert section not in text
    for section in ("## Intended use", "## Training", "## Calibration", "## Limits"):
        assert section in text


def test_every_section_names_its_file_and_shows_its_figures(manifest):
    text = card(manifest, {**FIGURES, "evaluation.json": evaluation()})
    for name in (*FIGURES, "evaluation.json", "manifest.json"):
        assert f"`{name}`" in text
    assert "| pbc, never seen | bccd | 1,234 | 1,200 | 75.2% (70.0–80.0) |" in text
    assert "| 1 | no stain jitter | 97.0% (93.1–99.2) | – | – |" in text
    assert "| fields | 69 | 106 | 97.0% (93.1–99.2) | 98.0% |" in text
    assert (
        "| photographs | 40 | china 30, flower 10 | 31 | 77.5% | 36.0% | not a smear 31 | monocyte 9 |"
        in text
    )
    assert "| a cell | 3.2 |" in text


def test_the_figures_of_a_set_stand_by_class_with_their_intervals(manifest):
    told = evaluation()
    text = card(manifest, {"evaluation.json": told})
    whole = told["a set"]["accuracy"]
    assert f"90.9% ({100 * whole['low']:.1f}–{100 * whole['high']:.1f})" in text
    assert "| neutrophil | 10 | 100.0% (34.2–100.0) |" in text
    assert "2 of 2: 100.0% (15.8–100.0) |" in text
    assert "None of these was in the set, yet they were answered: basophil 1." in text
    assert "11 pictures show only 3 originals; monocyte rests on 1" in text


def test_the_classic_recipe_stands_beside_it(manifest):
    text = card(manifest, {"evaluation.json": evaluation(), "baseline.json": evaluation()})
    assert "| a set | classic recipe | 11 |" in text


def test_thresholds_say_what_is_proven_and_what_is_not(manifest):
    text = card(manifest, {})
    assert "On validation 87.5% is answered, and 0.4% of the answers are wrong." in text
    assert "| neutrophil | 71.0% | 400 | 0 | 0.8% | 93.0% | proven |" in text
    assert "| monocyte | never answered | 12 | 1 | 33.9% | 0.0% | not proven at this n |" in text
    assert "An error of at most 1.0% is not proven at this n for: monocyte." in text


def test_the_classic_bundle_does_not_claim_to_find_cells(manifest):
    manifest["preprocessing"]["whole"] = True
    assert "Finds nucleated cells" not in card(manifest, {})


def test_what_was_never_shown_is_said_unless_the_model_has_that_class(manifest):
    assert all(what in card(manifest, {}) for what in NEVER_SHOWN)
    assert never_shown(["erythroblast"]) == list(NEVER_SHOWN)
    assert "blasts" not in never_shown(["neutrophil", "blast"])


def test_a_class_from_one_laboratory_alone_is_a_limit(manifest):
    counts = {"pbc/neutrophil": 50, "bccd/neutrophil": 50, "kaggle-train/neutrophil": 5, "pbc/monocyte": 99}
    manifest["data"]["training"]["by_source_and_class"] = counts
    manifest["data"]["held_out"] = {"pictures": 9, "originals": 9, "by_source_and_class": {"pbc/monocyte": 9}}
    text = card(manifest, {})
    assert "It learned from 2 laboratories (bccd, pbc)" in text
    assert "- Learned from pbc almost alone: monocyte." in text
    assert "PBC names no patients" in text
    assert "| PBC, Acevedo et al. 2020 | CC BY 4.0 | 149 | 9 | 0 |" in text


def test_a_folder_with_a_bar_in_its_name_breaks_no_table():
    assert table(("a", "b"), [("x|y", 1)]).splitlines() == ["| a | b |", "| --- | ---: |", "| x\\|y | 1 |"]


def test_the_shipped_card_is_made_of_the_shipped_figures():
    shipped = read_bundle(SHIPPED_BUNDLE)
    figures = {name: json.loads(told) for name, told in shipped.contents.items() if name.endswith(".json")}
    assert shipped.contents["card.md"].decode() == card(shipped.manifest, figures)
