"""Training and serving see the same tensor."""

import numpy as np
import pytest

from mlcore.engine.contracts import Box
from mlcore.engine.crops import cut_all
from mlcore.engine.images import read_image
from mlcore.engine.manifest import Record
from mlcore.engine.preprocess import CropSettings, crop_cell, to_tensor
from mlcore.engine.runtime import load_predictor
from tests.mlcore.engine.drawing import field, save


def _served(bundle, image, *, single):
    """The tensors that really reach the network when ``image`` is read."""
    predictor = load_predictor(bundle.folder)
    seen, network = [], predictor._network.features
    predictor._network.features = lambda tensors: seen.extend(tensors) or network(tensors)
    predictor.predict(image, single=single)
    return seen


@pytest.mark.parametrize(("source", "single"), [("pbc", True), ("laboratory", False)])
def test_the_same_picture_gives_the_same_tensor(bundle, finder, tmp_path, source, single):
    path = save(field([(150, 110, 24)]), tmp_path / "cell.png")
    settings = CropSettings(**bundle.manifest["preprocessing"])
    crops = cut_all(tmp_path, [Record("cell.png", "", "monocyte", source)], settings, finder, processes=1)
    served = _served(bundle, read_image(path), single=single)
    assert len(served) == 1
    assert np.array_equal(served[0], to_tensor(crops.pixels[0]))


@pytest.mark.data
def test_the_same_real_picture_gives_the_same_tensor(bundle, finder, data):
    path = next((data / "pbc" / "monocyte").iterdir())
    settings = CropSettings(**bundle.manifest["preprocessing"])
    record = Record(str(path.relative_to(data)), "", "monocyte", "pbc")
    crops = cut_all(data, [record], settings, finder, processes=1)
    assert np.array_equal(_served(bundle, read_image(path), single=True)[0], to_tensor(crops.pixels[0]))


def test_the_lamp_is_taken_out():
    settings = CropSettings(size=32)
    glass = np.array([200, 180, 150], np.float32)
    image = np.tile(glass.astype(np.uint8), (64, 64, 1))
    crop = crop_cell(image, Box(20, 20, 40, 40), glass, settings)
    assert np.abs(crop.astype(int) - 236).max() <= 1


def test_beyond_the_edge_is_glass_not_black():
    settings = CropSettings(size=32)
    glass = np.full(3, 236, np.float32)
    image = np.full((64, 64, 3), 120, np.uint8)
    crop = crop_cell(image, Box(-0, 0, 20, 20), glass, settings)
    assert crop[0, 0].tolist() == [236, 236, 236]
    assert crop[16, 16].tolist() == [120, 120, 120]


def test_the_scale_is_minus_one_to_one():
    tensor = to_tensor(np.array([[[0, 255, 128]]], np.uint8))
    assert tensor.dtype == np.float32
    assert tensor.ravel() == pytest.approx([-1, 1, 0.00392], abs=1e-4)
