"""The most similar verified cells are found by direction, and no picture is kept."""

import numpy as np
import pytest

from mlcore.engine.errors import BundleError
from mlcore.engine.similar import References, references_from

VECTORS = np.asarray([[1, 0, 0], [0, 2, 0], [0, 0, 3], [1, 1, 0]], dtype=np.float32)
CELLS = References(VECTORS, ("neutrophil", "monocyte", "lymphocyte", "monocyte"), ("a", "b", "c", "d"))


def test_the_nearest_come_first_whatever_their_length():
    found = CELLS.nearest(np.asarray([0, 5, 0.1], np.float32), 2)
    assert [(one.label, one.name) for one in found] == [("monocyte", "b"), ("monocyte", "d")]
    assert found[0].similarity == pytest.approx(1, abs=1e-3)
    assert found[1].similarity == pytest.approx(0.5**0.5, abs=1e-3)


def test_a_laboratory_without_cells_gets_none():
    assert References(np.zeros((0, 3), np.float32), (), ()).nearest(np.ones(3, np.float32)) == ()


def test_bytes_give_the_same_cells():
    again = references_from(CELLS.to_bytes())
    assert (again.labels, again.names) == (CELLS.labels, CELLS.names)
    assert np.array_equal(again.vectors, VECTORS)


def test_damaged_bytes_are_refused_in_words():
    with pytest.raises(BundleError, match="reference cells"):
        references_from(b"nothing")
