"""The page shows the engine's own report, number for number."""

import pytest

from mlcore.engine.contracts import NO_CELL
from mlcore.engine.evaluate import report
from mlcore.engine.outcomes import Outcome
from mlcore.web.figures import evaluations, headline, thresholds, unseen
from mlcore.web.shares import Share, least_share

LABELS = ("neutrophil", "lymphocyte", "basophil")
ANSWERS = [
    *[("neutrophil", "neutrophil", False)] * 3,
    ("neutrophil", "lymphocyte", True),
    *[("lymphocyte", "lymphocyte", False)] * 2,
    ("lymphocyte", NO_CELL, True),
]


def measure(answers):
    outcomes = [
        Outcome(f"{number}.jpg", truth, answer, 0.9, abstained, number)
        for number, (truth, answer, abstained) in enumerate(answers)
    ]
    return {"a set": report(outcomes, LABELS)}


@pytest.fixture
def measured():
    return {"evaluation": measure(ANSWERS)}


def test_it_shows_what_the_engine_measured(measured):
    shown = headline(measured)
    own = shown.own
    assert (shown.name, own.pictures, own.originals) == ("a set", 7, 7)
    assert own.accuracy.value == 5 / 7
    assert own.accuracy.low < 5 / 7 < own.accuracy.high
    assert own.answered == Share(5 / 7)
    assert own.answers == Share(1.0)
    neutrophil, lymphocyte = shown.classes
    assert (neutrophil.kind.short, neutrophil.pictures, neutrophil.recall.value) == ("NEU", 4, 3 / 4)
    assert neutrophil.recall.low < 3 / 4 < neutrophil.recall.high
    assert lymphocyte.precision.value == 2 / 3
    assert own.balanced.low < own.balanced.value < own.balanced.high


def test_the_matrix_keeps_its_counts_and_marks_the_right_ones(measured):
    matrix = headline(measured).matrix
    assert [kind.label for kind in matrix.columns] == ["neutrophil", "lymphocyte", NO_CELL]
    rows = {kind.label: [count.number for count in counts] for kind, counts in matrix.rows}
    assert rows == {"neutrophil": [3, 1, 0], "lymphocyte": [0, 2, 1]}
    for number, (_truth, counts) in enumerate(matrix.rows):
        assert [column for column, count in enumerate(counts) if count.right] == [number]
    assert [count.shade for count in matrix.rows[0][1]] == [7, 3, 0]


def test_classes_stand_in_the_engines_order_and_one_that_only_was_answered_says_so():
    answers = [("lymphocyte", "lymphocyte", False), ("lymphocyte", "basophil", False)]
    shown = headline({"evaluation": measure([*answers, ("neutrophil", "neutrophil", False)])})
    assert [kind.label for kind in shown.matrix.columns] == ["neutrophil", "basophil", "lymphocyte"]
    assert [kind.label for kind, _counts in shown.matrix.rows] == ["neutrophil", "lymphocyte"]
    assert [(one.kind.label, one.pictures, one.named) for one in shown.classes] == [
        ("neutrophil", 1, 1),
        ("basophil", 0, 1),
        ("lymphocyte", 2, 1),
    ]


def test_the_classic_recipe_stands_beside_it_where_it_was_measured(measured):
    assert headline(measured).classic is None
    classic = headline({**measured, "baseline": measure(ANSWERS[:4])}).classic
    assert (classic.pictures, classic.accuracy.value) == (4, 3 / 4)


def test_laboratories_that_were_left_out_stand_beside_the_known_ones(measured):
    assert unseen(measured) == []
    told = {
        "name": "pbc, never seen",
        "cells": 12,
        "originals": 9,
        "balanced_accuracy": {"value": 0.5, "low": 0.4, "high": 0.6},
        "classes": ["neutrophil", "lymphocyte"],
    }
    (left_out,) = unseen({**measured, "unseen": {"rows": [told]}})
    assert (left_out.name, left_out.cells, left_out.originals) == ("pbc, never seen", 12, 9)
    assert left_out.balanced.text == "50.0 % (40.0–60.0)"
    assert [kind.short for kind in left_out.classes] == ["NEU", "LYM"]


def test_a_share_is_written_with_its_interval():
    assert Share(0.8839).text == "88.4 %"
    assert Share(0.8839, 0.8691, 0.8978).text == "88.4 % (86.9–89.8)"


def test_a_model_that_was_not_measured_shows_no_number():
    assert evaluations({}) == []
    assert headline({"evaluation": {}}) is None


def test_figures_of_an_earlier_release_are_shown_without_intervals(measured):
    told = measured["evaluation"]["a set"]
    del told["balanced"], told["risk_coverage"]
    for one in told["per_class"].values():
        del one["intervals"], one["by_original"]
    shown = headline(measured)
    assert shown.own.balanced == Share(told["balanced_accuracy"])
    assert shown.classes[0].recall == Share(3 / 4)


def test_a_class_that_is_never_answered_has_no_threshold():
    limits = {"monocyte": {"threshold": 1.01}, "neutrophil": {"threshold": 0.8}}
    told = thresholds({"calibration": {"classes": limits}})
    assert [(kind.label, limit) for kind, limit in told] == [("neutrophil", "80.0 %"), ("monocyte", None)]
    assert thresholds({"calibration": {"threshold": 0.9}}) == []


def test_a_limit_just_below_certainty_does_not_read_as_certainty():
    told = [least_share(value) for value in (0.7, 0.9994, 0.9996, 0.999999, 1.0, 1.01)]
    assert told == ["70.0 %", "99.9 %", "99.96 %", "99.9999 %", "100 %", None]
