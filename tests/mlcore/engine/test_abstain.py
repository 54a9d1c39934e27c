"""An answer becomes "Unidentified" for a reason that a person can read, and for no other."""

import numpy as np
import pytest

from mlcore.engine.abstain import Judge
from mlcore.engine.novelty import Novelty

LABELS = ("neutrophil", "monocyte", "basophil")
LEAST = (0.8, 0.95, 1.01)


@pytest.fixture(scope="module")
def novelty():
    random = np.random.default_rng(0)
    vectors = random.normal(size=(60, 16)).astype(np.float32)
    labels = (np.arange(60) % 3).astype(np.int32)
    vectors[np.arange(60), labels] += 12
    return Novelty.fit(vectors, labels)


@pytest.fixture
def judge(novelty):
    return Judge(LABELS, LEAST, novelty, farthest=12.0)


def at(label):
    place = np.zeros(16, np.float32)
    place[label] = 12
    return place


def told(judge, probabilities, embedding=None, flags=()):
    return judge.objection(
        np.asarray(probabilities, np.float32), at(0) if embedding is None else embedding, flags
    )


def test_a_sure_answer_stands(judge):
    assert told(judge, [0.9, 0.05, 0.05]) == ""


def test_each_class_has_its_own_limit(judge):
    assert "90% sure, below its limit of 95%" in told(judge, [0.05, 0.9, 0.05], at(1))


def test_a_class_never_proven_is_not_answered(judge):
    assert "never proven on the class basophil" in told(judge, [0.0, 0.0, 1.0], at(2))


def test_a_stranger_is_not_answered_however_sure(judge):
    assert "unlike every cell" in told(judge, [1.0, 0.0, 0.0], np.full(16, 40, np.float32))


def test_an_unusable_picture_comes_first(judge):
    assert "too dark" in told(
        judge, [1.0, 0.0, 0.0], np.full(16, 40, np.float32), ("colour_cast", "too_dark")
    )


def test_without_novelty_only_the_limits_count():
    assert told(Judge(LABELS, LEAST, None, 0.0), [0.9, 0.05, 0.05], np.full(16, 1e6, np.float32)) == ""


def test_a_limit_that_is_missed_by_little_is_told_with_decimals(judge):
    assert "94.8% sure, below its limit of 95.0%" in told(judge, [0.05, 0.948, 0.0], at(1))
