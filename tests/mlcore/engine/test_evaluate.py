"""Figures on drawn outcomes whose truth is known."""

import numpy as np
import pytest

from mlcore.engine.charts import confusion_picture
from mlcore.engine.errors import DataError
from mlcore.engine.evaluate import NO_CELL, Outcome, evaluate_folder, report, with_interval
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


def test_copies_of_few_originals_give_a_wide_interval():
    right = np.repeat([True, False, True, True], 50)
    copies = with_interval(right, np.repeat([0, 1, 2, 3], 50))
    singles = with_interval(right, np.arange(200))
    assert copies["high"] - copies["low"] > 3 * (singles["high"] - singles["low"])
    assert singles["low"] < 0.75 < singles["high"]


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
