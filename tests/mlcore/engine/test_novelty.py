"""What is unlike the training is far away, whatever its length, and the measure survives storage."""

import io

import numpy as np
import pytest

from mlcore.engine.novelty import Novelty, distance_limit


def _cells(count, seed, classes=4, width=100):
    """Embeddings of ``classes`` classes that vary in ten directions and a little in all others."""
    fixed = np.random.default_rng(0)
    directions, centres = fixed.normal(0, 1, (10, width)), fixed.normal(0, 3, (classes, width)) + 5
    random = np.random.default_rng(seed)
    labels = random.integers(0, classes, count).astype(np.int32)
    vectors = centres[labels] + random.normal(0, 1, (count, 10)) @ directions
    return (vectors + random.normal(0, 0.1, vectors.shape)).astype(np.float32), labels


@pytest.fixture(scope="module")
def novelty():
    return Novelty.fit(*_cells(400, 1))


def test_new_cells_of_known_classes_stay_within_the_limit(novelty):
    limit = distance_limit(novelty.distances(_cells(400, 2)[0]), 0.99)
    assert (novelty.distances(_cells(400, 3)[0]) > limit).mean() < 0.03


def test_a_stranger_is_far_away_in_a_direction_that_training_knows_and_in_one_it_does_not(novelty):
    cells = _cells(400, 2)[0]
    limit = distance_limit(novelty.distances(cells))
    known = cells + 15 * np.random.default_rng(0).normal(0, 1, (10, 100)).astype(np.float32)[0]
    unknown = cells + np.random.default_rng(9).normal(0, 2, 100).astype(np.float32)
    assert (novelty.distances(known) > limit).mean() > 0.95
    assert (novelty.distances(unknown) > limit).mean() > 0.95


def test_the_length_of_an_embedding_does_not_count(novelty):
    cells = _cells(50, 2)[0]
    assert novelty.distances(3 * cells) == pytest.approx(novelty.distances(cells), rel=1e-3)
    assert np.isfinite(novelty.distances(np.zeros((1, 100), np.float32))).all()


def test_stored_without_pickle_it_measures_the_same(novelty):
    buffer = io.BytesIO()
    np.savez(buffer, **novelty.to_arrays())
    with np.load(io.BytesIO(buffer.getvalue()), allow_pickle=False) as arrays:
        again = Novelty.from_arrays(dict(arrays))
    cells = _cells(50, 2)[0]
    assert again.distances(cells) == pytest.approx(novelty.distances(cells), rel=1e-5)


def test_arrays_that_do_not_fit_together_are_refused(novelty):
    arrays = novelty.to_arrays()
    with pytest.raises(ValueError, match="fit together"):
        Novelty.from_arrays({**arrays, "centres": arrays["centres"][:, 1:]})
    with pytest.raises(KeyError):
        Novelty.from_arrays({"mean": arrays["mean"]})


@pytest.mark.parametrize("count", [2, 5, 40])
def test_few_training_cells_give_finite_distances(count):
    novelty = Novelty.fit(*_cells(count, 1))
    assert np.isfinite(novelty.distances(_cells(20, 2)[0])).all()
