"""Serving is light, verified and says the same as the network that was trained."""

import json
import subprocess
import sys
import textwrap

import numpy as np
import pytest

from mlcore.engine.bundle import FULL, HEAD, SHIPPED_BUNDLE
from mlcore.engine.calibrate import softmax
from mlcore.engine.crops import cut_all
from mlcore.engine.head import head_from
from mlcore.engine.manifest import class_folders
from mlcore.engine.preprocess import CropSettings, to_tensor
from mlcore.engine.runtime import LiteNetwork

WATCHED = """
import json, sys
from pathlib import Path
import numpy as np
from mlcore.engine.bundle import SHIPPED_BUNDLE
from mlcore.engine.runtime import load_predictor
def memory():
    status = Path("/proc/self/status").read_text()
    return int(status.split("VmHWM:")[1].split()[0])
predictor = load_predictor(SHIPPED_BUNDLE)
image = np.random.default_rng(0).integers(0, 255, (480, 640, 3), np.uint8)
for _ in range(20):
    predictor.predict(image, single=True)
early = memory()
for _ in range(200):
    predictor.predict(image, single=True)
late = memory()
heavy = [name for name in ("tensorflow", "keras", "django", "sklearn", "matplotlib") if name in sys.modules]
print(json.dumps({"heavy": heavy, "early": early, "late": late}))
"""


@pytest.fixture(scope="module")
def worker():
    done = subprocess.run(
        [sys.executable, "-c", textwrap.dedent(WATCHED)], capture_output=True, text=True, check=True
    )
    return json.loads(done.stdout)


def test_serving_loads_no_training_library(worker):
    assert worker["heavy"] == []


def test_serving_fits_in_300_megabytes_and_does_not_grow(worker):
    assert worker["late"] < 300_000
    assert worker["late"] - worker["early"] < 8_000


def test_a_reading_is_complete(predictor, smear):
    field = predictor.predict(smear)
    assert (field.width, field.height) == (320, 240)
    assert field.model == predictor.identity
    assert len(field.cells) == 2
    for cell in field.cells:
        assert tuple(cell.probabilities) == predictor.labels
        assert sum(cell.probabilities.values()) == pytest.approx(1, abs=1e-5)
        assert cell.confidence == max(cell.probabilities.values()) == cell.probabilities[cell.label]
        assert cell.abstained == bool(cell.reason)


def test_single_gives_exactly_one_cell(predictor, smear):
    assert len(predictor.predict(smear, single=True).cells) == 1


def test_leukocytes_come_before_other_cells(predictor, smear):
    cells = predictor.predict(smear).cells
    keys = [(cell.label in {"erythroblast", "platelet"}, -cell.confidence) for cell in cells]
    assert keys == sorted(keys)


@pytest.mark.data
def test_litert_agrees_with_keras_on_200_real_cells(bundle, finder, data):
    keras = pytest.importorskip("keras")
    from mlcore.engine.network import build, load_start  # noqa: PLC0415 -- TensorFlow may be missing

    settings = CropSettings(**bundle.manifest["preprocessing"])
    records = list(class_folders(data / "pbc", "pbc", data))[::10]
    tensors = to_tensor(cut_all(data, records, settings, finder, processes=1).pixels)
    assert len(tensors) >= 195
    network = build(settings.size, len(bundle.labels))
    load_start(network, str(SHIPPED_BUNDLE))
    logits = np.asarray(keras.ops.convert_to_numpy(network(tensors, training=False)))
    reader, head = LiteNetwork(bundle.contents[FULL], threads=2), head_from(bundle.contents[HEAD])
    lite = np.stack([head.logits(reader.features(tensor[None])[0]) for tensor in tensors])
    assert np.abs(softmax(logits) - softmax(lite)).max() < 1e-3
