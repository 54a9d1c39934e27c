"""A few batches and pictures, timed, to say how long a training may take on this machine."""

from __future__ import annotations

import json
import time
from collections.abc import Callable

import numpy as np

from mlcore.engine import network as networks
from mlcore.engine.bundle import SHIPPED_BUNDLE, read_bundle
from mlcore.engine.contracts import Box
from mlcore.engine.crops import finder_of
from mlcore.engine.prepared import say
from mlcore.engine.preprocess import CropSettings, crop_cell, to_tensor
from mlcore.engine.runtime import LiteNetwork
from mlcore.engine.stain import thumbnail
from mlcore.engine.train import TrainSettings

BATCHES = 3
PICTURES = 20


def probe() -> None:
    """Say, as one JSON object, the seconds of a picture's features and of a step of each recipe."""
    told = {"picture": _picture(), "cell": _step(networks.USUAL_BLOCKS), "full": _step(networks.EVERY)}
    say(json.dumps({name: round(seconds, 4) for name, seconds in told.items()}))


def _picture() -> float:
    """Return the seconds in which a cell is found, cut out and shown to the base of the shipped model."""
    bundle, crop = read_bundle(SHIPPED_BUNDLE), CropSettings()
    finder = finder_of(bundle.manifest["locator"], bundle.contents)
    locator, network = finder.locator(), LiteNetwork(bundle.contents[bundle.manifest["serving"]])
    field = np.random.default_rng(0).integers(150, 255, (480, 640, 3), np.uint8)

    def once() -> None:
        small = thumbnail(field, finder.settings.size)
        locator.locate_single(field, small)
        cell = crop_cell(field, Box(200, 150, 400, 350), small.background, crop)
        network.features(to_tensor(cell)[None])

    return _timed(once, PICTURES)


def _step(blocks: int) -> float:
    """Return the seconds of one batch of a network of which the last ``blocks`` learn."""
    settings = TrainSettings()
    network = networks.build(settings.size, 8)
    networks.tune(network, blocks)
    network.compile("adam", "mse")
    cells = np.zeros((settings.batch, settings.size, settings.size, 3), np.float32)
    wanted = np.zeros((settings.batch, 8), np.float32)
    return _timed(lambda: network.train_on_batch(cells, wanted), BATCHES)


def _timed(once: Callable[[], object], times: int) -> float:
    """Return the seconds of one call; the first, which builds and compiles, is not counted."""
    once()
    began = time.perf_counter()
    for _time in range(times):
        once()
    return (time.perf_counter() - began) / times
