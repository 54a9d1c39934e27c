"""The page shows the engine's own report, number for number."""

import pytest

from mlcore.engine.evaluate import NO_CELL, Outcome, report
from mlcore.web.figures import Share, evaluations, headline

LABELS = ("neutrophil", "lymphocyte", "basophil")
ANSWERS = [
    *[("neutrophil", "neutrophil", False)] * 3,
    ("neutrophil", "lymphocyte", True),
    *[("lymphocyte", "lymphocyte", False)] * 2,
    ("lymphocyte", NO_CELL, True),
]


@pytest.fixture
def measured():
    outcomes = [
        Outcome(f"{number}.jpg", truth, answer, 0.9, abstained, number)
        for number, (truth, answer, abstained) in enumerate(ANSWERS)
    ]
    return {"evaluation": {"a set": report(outcomes, LABELS)}}


def test_it_shows_what_the_engine_measured(measured):
    shown = headline(measured)
    assert (shown.name, shown.pictures, shown.originals) == ("a set", 7, 7)
    assert shown.accuracy.value == 5 / 7
    assert shown.accuracy.low < 5 / 7 < shown.accuracy.high
    assert shown.answered == Share(5 / 7)
    assert shown.answers == Share(1.0)
    neutrophil, lymphocyte = shown.classes
    assert (neutrophil.label, neutrophil.pictures, neutrophil.recall) == ("neutrophil", 4, Share(3 / 4))
    assert lymphocyte.precision == Share(2 / 3)


def test_the_matrix_keeps_its_counts_and_marks_the_right_ones(measured):
    shown = headline(measured)
    assert shown.columns == ["neutrophil", "lymphocyte", NO_CELL]
    rows = {truth: [count.number for count in counts] for truth, counts in shown.rows}
    assert rows == {"neutrophil": [3, 1, 0], "lymphocyte": [0, 2, 1]}
    for number, (_truth, counts) in enumerate(shown.rows):
        assert [column for column, count in enumerate(counts) if count.right] == [number]
    assert [count.shade for count in shown.rows[0][1]] == [7, 3, 0]


def test_a_share_is_written_with_its_interval():
    assert Share(0.8839).text == "88.4 %"
    assert Share(0.8839, 0.8691, 0.8978).text == "88.4 % (86.9–89.8)"


def test_a_model_that_was_not_measured_shows_no_number():
    assert evaluations({}) == []
    assert headline({"evaluation": {}}) is None
