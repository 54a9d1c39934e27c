"""The loader gives the active model or says why it cannot; never another one, never an altered one."""

import shutil

import numpy as np
import pytest

from mlcore.registry import services
from mlcore.serving import loader
from mlcore.serving.loader import ModelUnavailable
from predictions.synthetic import draw_field
from tests.mlcore.conftest import largest_file

pytestmark = pytest.mark.django_db


def test_it_loads_the_real_bundle_and_reads_a_smear(active):
    loaded = loader.current()
    assert loaded.version == active
    assert loaded.predictor.identity.sha256 == active.sha256
    field = draw_field(1, labels=["neutrophil", "lymphocyte"])
    reading = loaded.predictor.predict(field.image)
    assert len(reading.cells) == 2
    for cell in reading.cells:
        assert set(cell.probabilities) == set(active.labels)
        assert sum(cell.probabilities.values()) == pytest.approx(1, abs=1e-4)
        assert cell.confidence == max(cell.probabilities.values())
        assert 0 <= cell.box.x0 < cell.box.x1 <= field.image.shape[1]


def test_it_gives_the_same_answer_every_time(active):
    image = draw_field(2).image
    first, again = (loader.current().predictor.predict(image) for _ in range(2))
    assert first == again


def test_it_keeps_the_model_and_asks_the_database_at_most_once_a_second(active, django_assert_num_queries):
    loaded = loader.current()
    with django_assert_num_queries(0):
        for _ in range(50):
            assert loader.current() is loaded


def test_it_changes_over_when_another_version_becomes_active(active, candidate, monkeypatch):
    monkeypatch.setattr(loader, "CHECK_EVERY_SECONDS", 0)
    before = loader.current()
    assert loader.current() is before
    services.promote(version=candidate.pk, actor=None)
    after = loader.current()
    assert after.version == candidate
    assert after.predictor.identity.version == "second"
    blank = np.full((200, 200, 3), 230, np.uint8)
    assert before.predictor.predict(blank, single=True).model.sha256 == active.sha256


def test_without_an_active_model_it_says_who_can_help(model_root):
    with pytest.raises(ModelUnavailable, match="No model is active"):
        loader.current()


@pytest.mark.parametrize("harm", ["altered", "file missing", "folder missing", "another model"])
def test_it_refuses_a_model_that_is_not_the_registered_one(active, candidate, model_root, harm):
    folder = model_root / active.location
    match harm:
        case "altered":
            path = largest_file(folder)
            content = bytearray(path.read_bytes())
            content[-1] ^= 1
            path.write_bytes(content)
        case "file missing":
            largest_file(folder).unlink()
        case "folder missing":
            shutil.rmtree(folder)
        case "another model":
            shutil.rmtree(folder)
            shutil.copytree(model_root / candidate.location, folder)
    with pytest.raises(ModelUnavailable) as refusal:
        loader.current()
    assert refusal.value.status == 503
    assert str(model_root) not in str(refusal.value)


def test_it_recovers_once_the_files_are_back(active, model_root, shipped):
    largest_file(model_root / active.location).unlink()
    with pytest.raises(ModelUnavailable):
        loader.current()
    services.register_bundle(directory=shipped, actor=None)
    assert loader.current().version == active
