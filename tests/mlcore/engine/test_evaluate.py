"""Figures on drawn outcomes whose truth is known."""

import json
import time

import numpy as np
import pytest

from mlcore.engine.charts import confusion_picture
from mlcore.engine.contracts import NO_CELL
from mlcore.engine.errors import DataError
from mlcore.engine.evaluate import evaluate_folder, report
from mlcore.engine.outcomes import Outcome
from mlcore.engine.statistics import exact, upper_bound
from tests.mlcore.engine.drawing import field, save

LABELS = ("neutrophil", "monocyte", "lymphocyte")


def _outcomes():
    """Two originals with four copies each: one read right 3 of 4 times, one without a cell twice."""
    first = [Outcome("a", "neutrophil", "neutrophil", 0.9, False, 1)] * 3
    first += [Outcome("a", "neutrophil", "monocyte", 0.6, True, 1)]
    second = [Outcome("b", "monocyte", NO_CELL, 0.0, True, 2)] * 2
    second += [
        Outcome("b", "monocyte", "neutrophil", 0.7, False, 2),
        Outcome("b", "monocyte", "monocyte", 1, False, 2),
    ]
    return first + second


def test_the_report_counts_rightly():
    told = report(_outcomes(), LABELS)
    assert told["accuracy"]["value"] == pytest.approx(0.5)
    assert told["balanced_accuracy"] == pytest.approx((0.75 + 0.25) / 2)
    assert told["by_original"]["right"] == 1
    assert told["by_original"]["originals"] == 2
    assert told["confusion"] == {
        "truth": ["neutrophil", "monocyte"],
        "answer": ["neutrophil", "monocyte", NO_CELL],
        "rows": [[3, 1, 0], [1, 1, 2]],
    }
    assert told["per_class"]["neutrophil"]["precision"] == pytest.approx(0.75)
    assert told["per_class"]["monocyte"]["recall"] == pytest.approx(0.25)
    assert told["abstention"]["coverage"] == pytest.approx(5 / 8)
    assert told["abstention"]["accuracy_of_answers"] == pytest.approx(4 / 5)


def test_what_was_answered_is_bounded_over_originals_and_by_class():
    told = report(_outcomes(), LABELS)["abstention"]
    assert told["error_of_answers"]["value"] == pytest.approx(1 / 5)
    # The second original gave one wrong answer of two: half of it is wrong.
    assert (told["originals"], told["wrong_originals"]) == (2, 0.5)
    assert told["bound"] == pytest.approx(upper_bound(0.5, 2))
    neutrophil, monocyte = told["by_class"]["neutrophil"], told["by_class"]["monocyte"]
    assert (neutrophil["coverage"], neutrophil["answers"], neutrophil["error"]) == (0.75, 4, 0.25)
    assert (neutrophil["originals"], neutrophil["wrong_originals"]) == (1.5, 0.5)
    assert (monocyte["coverage"], monocyte["answers"], monocyte["error"]) == (0.5, 1, 0.0)


def test_each_class_has_its_intervals_and_its_recall_by_original():
    outcomes = [
        Outcome(f"{truth}{number}", truth, truth if number % 5 else "lymphocyte", 0.8, False, group)
        for truth, first in (("neutrophil", 0), ("monocyte", 100))
        for number, group in ((number, first + number) for number in range(100))
    ]
    told = report(outcomes, LABELS)
    one = told["per_class"]["monocyte"]
    assert (one["precision"], one["recall"], one["f1"]) == (1.0, 0.8, pytest.approx(8 / 9))
    for name in ("precision", "recall", "f1"):
        limits = one["intervals"][name]
        assert limits["value"] == one[name]
        assert limits["low"] < limits["value"] <= limits["high"]
    assert one["intervals"]["recall"]["high"] - one["intervals"]["recall"]["low"] == pytest.approx(
        0.157, abs=0.03
    )
    assert (one["by_original"]["right"], one["by_original"]["originals"]) == (80, 100)
    assert one["by_original"]["low"] == pytest.approx(exact(80, 100)[0])
    stray = told["per_class"]["lymphocyte"]
    assert (stray["pictures"], stray["precision"], stray["recall"]) == (0, 0.0, None)
    assert stray["intervals"]["recall"] is None
    balanced = told["balanced"]
    assert balanced["value"] == told["balanced_accuracy"] == pytest.approx(0.8)
    assert balanced["low"] < 0.8 < balanced["high"]


def test_copies_of_one_cell_move_the_recall_of_its_class_together():
    def recall(copies):
        outcomes = [
            Outcome(
                str(n), "monocyte", "monocyte" if n // copies % 4 else "neutrophil", 0.8, False, n // copies
            )
            for n in range(120)
        ]
        return report(outcomes, LABELS)["per_class"]["monocyte"]["intervals"]["recall"]

    few, many = recall(30), recall(1)
    assert few["value"] == many["value"] == 0.75
    assert few["high"] - few["low"] > 3 * (many["high"] - many["low"])


def test_a_class_that_the_model_does_not_know_is_counted_as_wrong():
    told = report([*_outcomes(), Outcome("c", "blast", "monocyte", 0.99, False, 3)], LABELS)
    assert told["confusion"]["truth"] == ["neutrophil", "monocyte", "blast"]
    assert told["per_class"]["blast"]["recall"] == 0.0
    assert told["per_class"]["monocyte"]["precision"] == pytest.approx(1 / 3)


def test_a_model_that_never_answers_has_no_error():
    told = report([Outcome("a", "monocyte", "monocyte", 0.4, True, 1)], LABELS)["abstention"]
    assert (told["coverage"], told["error_of_answers"], told["accuracy_of_answers"]) == (0, None, None)
    assert told["bound"] == 1.0


def test_two_thousand_pictures_are_reported_in_two_seconds():
    random = np.random.default_rng(0)
    truths = random.choice(LABELS, 2487)
    outcomes = [
        Outcome(str(n), truth, random.choice(LABELS), float(random.random()), n % 5 == 0, n)
        for n, truth in enumerate(truths)
    ]
    start = time.process_time()
    told = report(outcomes, LABELS)
    assert time.process_time() - start < 4  # Of processor time, where other work shares the machine.
    assert json.loads(json.dumps(told)) == told


def test_nothing_to_report_is_said():
    with pytest.raises(DataError, match="No picture"):
        report([], LABELS)


def test_a_folder_is_evaluated_and_its_unreadable_files_are_named(predictor, tmp_path):
    for number in range(3):
        save(field([(160, 120, 24)], seed=number), tmp_path / "lab" / "MONOCYTE" / f"{number}.png")
    (tmp_path / "lab" / "MONOCYTE" / "broken.jpg").write_bytes(b"no picture")
    told = evaluate_folder(tmp_path / "lab", predictor)
    assert told["pictures"] == 3
    assert [entry["file"] for entry in told["unreadable"]] == ["MONOCYTE/broken.jpg"]
    assert told["model"]["sha256"] == predictor.identity.sha256
    confusion_picture(told, tmp_path / "confusion.png")
    assert (tmp_path / "confusion.png").stat().st_size > 5000


def test_a_folder_of_nothing_is_refused(predictor, tmp_path):
    with pytest.raises(DataError, match="holds no pictures"):
        evaluate_folder(tmp_path, predictor)
