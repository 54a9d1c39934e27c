"""A training starts, is interrupted, goes on, and becomes a bundle that reads."""

import json

import numpy as np
import pytest

from mlcore.engine.bundle import SHIPPED_BUNDLE
from mlcore.engine.manifest import Record
from mlcore.engine.sampling import Examples, batches, laboratory, shares


def test_thirty_copies_count_as_one_original():
    records = [Record(str(n), str(n), "monocyte", "kaggle-train") for n in range(30)]
    records += [
        Record("one", "one", "monocyte", "kaggle-train"),
        Record("n", "n", "neutrophil", "kaggle-train"),
    ]
    share = shares(records, [0] * 30 + [1, 2])
    assert share[:30].sum() == pytest.approx(0.25)
    assert share[30] == pytest.approx(0.25)
    assert share[31] == pytest.approx(0.5)


def test_laboratories_share_a_class_evenly():
    records = [Record(str(n), str(n), "monocyte", "pbc") for n in range(9)]
    records.append(Record("b", "b", "monocyte", "bccd"))
    assert shares(records, list(range(10)))[9] == pytest.approx(0.5)
    assert laboratory("kaggle-train") == laboratory("bccd") == "bccd"


def test_the_same_seed_draws_the_same_batches():
    pixels, targets = np.arange(50, dtype=np.uint8).reshape(50, 1), np.arange(50, dtype=np.int32)
    first, second = (batches(pixels, targets, np.full(50, 0.02), 8, seed=4) for _ in range(2))
    assert all(np.array_equal(next(first)[1], next(second)[1]) for _ in range(5))


def _examples(count, side):
    random = np.random.default_rng(0)
    targets = np.arange(count, dtype=np.int32) % 2
    pixels = random.integers(0, 90, (count, side, side, 3), np.uint8) + (targets * 120)[:, None, None, None]
    share, names = np.full(count, 1 / count), tuple(map(str, range(count)))
    return Examples(pixels.astype(np.uint8), targets, share, np.arange(count), names)


def test_a_stopped_training_goes_on(tmp_path):
    pytest.importorskip("tensorflow")
    from mlcore.engine.train import Trainer, TrainSettings  # noqa: PLC0415 -- TensorFlow may be missing

    said = []

    def trainer(epochs):
        settings = TrainSettings(size=32, batch=4, steps=2, epochs=epochs)
        return Trainer(_examples(16, 42), _examples(8, 32), settings, say=said.append)

    trainer(1).train(2, str(SHIPPED_BUNDLE), tmp_path)
    # What a process leaves that is killed while it writes the next epoch.
    whole = (tmp_path / "epoch-001.weights.h5").read_bytes()
    (tmp_path / "epoch-002.weights.h5").write_bytes(whole[: len(whole) // 2])
    trainer(2).train(2, str(SHIPPED_BUNDLE), tmp_path)
    told = [json.loads(line) for line in said if '"epoch"' in line]
    assert [(one["stage"], one["epoch"]) for one in told] == [("head", 1), ("network", 1), ("network", 2)]
    assert all("seconds_left" in one and "val_accuracy" in one for one in told)
