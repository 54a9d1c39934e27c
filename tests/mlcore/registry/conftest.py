"""A frozen test set on disk, and evaluations of two versions on it."""

import hashlib
import json

import pytest

from mlcore.engine.frozen import FrozenHeader, FrozenPicture, picture_file, write_frozen
from mlcore.engine.seen import Seen
from mlcore.registry import services
from mlcore.registry.models import DataSet, DataSetVersion, Evaluation, EvaluationState
from tests.mlcore.conftest import renamed
from tests.mlcore.engine.test_criteria import CLASSES

CELLS = 700


def key(number, part="test"):
    return hashlib.sha256(f"{part}{number}".encode()).hexdigest()


@pytest.fixture
def frozen(settings, tmp_path, admin):
    """A data set version with 700 test cells of each class, and one training picture beside them."""
    settings.DATASET_ROOT = tmp_path / "datasets"
    settings.EVALUATION_ROOT = tmp_path / "evaluations"
    pictures = [
        FrozenPicture(
            key(number),
            picture_file(key(number)),
            CLASSES[number % 3],
            "lab",
            f"g{number}",
            "test",
            pixels=key(number),
        )
        for number in range(CELLS * 3)
    ]
    away = key(0, "training")
    facts = (away, picture_file(away), CLASSES[0], "lab", "far", "training")
    pictures.append(FrozenPicture(*facts, pixels=away))
    sha256 = write_frozen(settings.DATASET_ROOT, FrozenHeader("Ward", 1, "own", "here"), pictures)
    row = DataSet.objects.create(name="Ward", license="own", source="here", created_by=admin)
    facts = {"number": 1, "sha256": sha256, "state": "ready", "origin": "zip", "created_by": admin}
    DataSetVersion.objects.create(dataset=row, **facts)
    return sha256


@pytest.fixture
def measured(frozen):
    """Store an evaluation in which each ``every``-th cell is named wrongly; none where ``every`` is 0."""

    def measured(version, every=0, cells=CELLS * 3):
        outcomes = [
            {
                "key": key(number),
                "sha256": key(number),
                "truth": CLASSES[number % 3],
                "label": CLASSES[(number + 1) % 3] if every and number % every == 0 else CLASSES[number % 3],
                "confidence": 0.98,
                "abstained": False,
                "group": f"lab/g{number}",
                "laboratory": "lab",
            }
            for number in range(cells)
        ]
        return Evaluation.objects.create(
            version=version,
            data_sha256=frozen,
            data={"name": "Ward", "version": 1},
            state=EvaluationState.DONE,
            outcomes=outcomes,
        )

    return measured


@pytest.fixture
def learned(active, tmp_path):
    """Register a candidate whose bundle says which pictures it was trained on."""

    def learned(*pixels, name="learned"):
        told = json.loads(Seen().and_of(pixels).as_bytes())
        folder = renamed(tmp_path / name, name, seen=told)
        return services.register_bundle(directory=folder, actor=None)

    return learned
