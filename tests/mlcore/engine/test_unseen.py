"""What a model trained elsewhere says about a laboratory it never saw, counted honestly."""

import numpy as np
import pytest

from mlcore.engine.abstain import Judge
from mlcore.engine.sampling import Examples

LABELS = ("neutrophil", "monocyte")
LOGITS = np.asarray([[5, 0], [1, 0], [0, 1], [3, 0]], np.float32)


@pytest.fixture
def judged():
    pixels = np.zeros((4, 8, 8, 3), np.uint8)
    return Examples(
        pixels,
        np.asarray([0, 0, 1, 1], np.int32),
        np.full(4, 0.25),
        np.asarray([1, 2, 3, 3]),
        ("a", "b", "c", "d"),
    )


@pytest.fixture
def told(judged):
    pytest.importorskip("tensorflow")
    from mlcore.engine.assemble import CellsRead  # noqa: PLC0415 -- TensorFlow may be missing
    from mlcore.engine.unseen import outcomes_of  # noqa: PLC0415 -- as above

    def tell(novelty=None, farthest=0.0):
        judge = Judge(LABELS, (0.9, 0.6), novelty, farthest)
        vectors = np.asarray([[1, 0], [1, 0], [1, 0], [0, 1]], np.float32)
        return outcomes_of(CellsRead(LOGITS, vectors), judged, judge, 1.0)

    return tell


def test_limits_of_the_known_laboratories_decide_what_is_answered(told):
    assert [(one.truth, one.label, one.abstained) for one in told()] == [
        ("neutrophil", "neutrophil", False),
        ("neutrophil", "neutrophil", True),
        ("monocyte", "monocyte", False),
        ("monocyte", "neutrophil", False),
    ]


def test_a_cell_unlike_the_known_laboratories_is_no_answer(told):
    """The last cell looks another way in the features than all that were trained on."""

    class Far:
        def distances(self, vectors):
            return vectors[:, 1]

    assert [one.abstained for one in told(Far(), farthest=0.5)] == [False, True, False, True]


def test_a_row_tells_errors_among_answers_and_intervals_by_original(told):
    from mlcore.engine.unseen import row  # noqa: PLC0415 -- TensorFlow may be missing

    told = row(told(), ["pbc"], "bccd", LABELS)
    assert (told["cells"], told["originals"]) == (4, 3)
    assert told["balanced_accuracy"]["value"] == pytest.approx(0.75)
    assert told["per_class"] == {"neutrophil": 1.0, "monocyte": 0.5}
    assert told["coverage"] == pytest.approx(0.75)
    assert told["error_of_answers"]["value"] == pytest.approx(1 / 3)
    assert told["trained_on"] == ["pbc"]
