"""An explanation points at the cell: the map is registered to the crop, and the nearest cells are alike."""

import json
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from mlcore.engine.cli import main
from mlcore.engine.contracts import Box
from mlcore.engine.explain import Explanation, heat, overlay, spread
from mlcore.engine.images import read_image
from mlcore.engine.manifest import class_folders
from mlcore.engine.preprocess import to_tensor
from mlcore.engine.runtime import LiteNetwork
from predictions.synthetic import draw_field


def explained(row, column):
    activation = np.zeros((5, 5, 2), np.float32)
    activation[row, column, 1] = 3
    window = Box(20, 10, 120, 110)
    return Explanation(window, ("neutrophil", "monocyte"), activation, np.zeros(4, np.float32), ())


def test_the_glow_lies_where_the_map_is_strong():
    image = np.full((130, 150, 3), 90, np.uint8)
    glow = overlay(image, explained(0, 4), "monocyte", size=100).astype(int) - 90
    reddest = np.unravel_index(glow[..., 0].argmax(), (100, 100))
    assert reddest[0] < 25
    assert reddest[1] > 75
    assert abs(glow[60:, :40]).max() == 0


def test_what_speaks_for_another_class_does_not_glow():
    image = np.full((130, 150, 3), 90, np.uint8)
    assert np.array_equal(
        overlay(image, explained(2, 2), "neutrophil", size=64), np.full((64, 64, 3), 90, np.uint8)
    )


def test_the_map_is_scaled_to_one():
    places = heat(explained(2, 2), "monocyte", size=50)
    assert places.shape == (50, 50)
    assert places.min() >= 0
    assert places.max() == pytest.approx(1, abs=0.05)


def test_a_reading_brings_the_map_of_its_label(predictor):
    image = draw_field(3, labels=("neutrophil",)).image
    (cell,) = predictor.predict(image).cells
    explained = predictor.explain(image, cell.box)
    assert cell.look.window == explained.window
    whole = heat(explained, cell.label, size=40)
    assert np.abs(spread(np.asarray(cell.look.places), size=40) - whole).max() < 0.01
    assert max(map(max, cell.look.places)) == 1


def test_a_foreign_class_is_refused():
    with pytest.raises(ValueError, match="basophil"):
        heat(explained(2, 2), "basophil", size=50)


def _noticed(network, row, column):
    """Where the real network notices a spot on empty glass, as the map tells it: (row, column) of 160."""
    glass = np.full((160, 160, 3), 236, np.uint8)
    spotted = glass.copy()
    spotted[row - 12 : row + 12, column - 12 : column + 12] = (90, 50, 140)
    before, after = network.features(to_tensor(np.stack([glass, spotted])))
    change = np.abs(after - before).sum(axis=-1, keepdims=True) ** 2
    told = Explanation(Box(0, 0, 160, 160), ("cell",), change, np.zeros(1, np.float32), ())
    places = heat(told, "cell", size=160) ** 2
    return [float(np.average(np.arange(160), weights=places.sum(axis=axis))) for axis in (1, 0)]


def test_the_map_lies_where_the_picture_changes(bundle):
    network = LiteNetwork(bundle.contents[bundle.manifest["serving"]])
    first, second = _noticed(network, 48, 48), _noticed(network, 112, 112)
    # Every place sees far beyond itself, so both are drawn towards the middle, but by as much.
    assert all(low + 20 < high for low, high in zip(first, second, strict=True))
    middle = [(low + high) / 2 for low, high in zip(first, second, strict=True)]
    assert middle == pytest.approx([80, 80], abs=6)
    assert _noticed(network, 48, 112)[0] < 80 < _noticed(network, 48, 112)[1]


@pytest.mark.data
def test_real_cells_are_explained(predictor, data):
    """The map adds up to the name that was given, its weight lies on the cell, most neighbours agree."""
    agreed, on_cell, count = 0, 0, 0
    for record in list(class_folders(data / "pbc", "pbc", data))[::97]:
        image = read_image(data / record.path)
        cells = predictor.predict(image, single=True).cells
        if not cells or record.label == "platelet":
            continue
        told = predictor.explain(image, cells[0].box)
        logits = told.activation.sum(axis=(0, 1))
        assert told.activation.shape == (5, 5, len(predictor.labels))
        assert logits.shape == (len(predictor.labels),)
        places = heat(told, cells[0].label, size=100)
        on_cell += places[20:80, 20:80].mean() > places.mean()
        agreed += told.nearest[0].label == cells[0].label
        count += 1
    assert count >= 10
    assert on_cell / count > 0.8
    assert agreed / count > 0.8


def test_the_command_draws_and_tells(tmp_path, smear):
    Image.fromarray(smear).save(tmp_path / "smear.png")
    told = tmp_path / "told.jsonl"
    pictures = str(tmp_path / "out")
    assert main(["explain", str(tmp_path / "smear.png"), "--json", str(told), "--pictures", pictures]) == 0
    lines = [json.loads(line) for line in told.read_text().splitlines()]
    assert len(lines) == 2
    for line in lines:
        assert len(line["nearest"]) == 5
        assert read_image(Path(line["picture"])).shape == (320, 320, 3)
