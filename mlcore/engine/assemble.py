"""Everything that serving needs, put together from a trained network: the last step of training."""

from __future__ import annotations

from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

import keras
import numpy as np

from mlcore.engine import export
from mlcore.engine.bundle import FULL, SMALL, WEIGHTS, Bundle, write_bundle
from mlcore.engine.calibrate import Floats, abstention_threshold, fit_temperature, softmax
from mlcore.engine.locate import StainLocator
from mlcore.engine.preprocess import CropSettings, to_tensor
from mlcore.engine.runtime import LiteNetwork
from mlcore.engine.sampling import Examples

# int8 is served only if it costs at most this much balanced accuracy on validation.
WORTH = 0.003


@dataclass(frozen=True, slots=True)
class Provenance:
    """What a bundle says about its origin: version, training data and settings."""

    version: str
    labels: tuple[str, ...]
    data: dict[str, Any]
    training: dict[str, Any]


def assemble(
    network: keras.Model,
    *,
    validation: Examples,
    representative: Examples,
    crop: CropSettings,
    provenance: Provenance,
    folder: Path,
) -> Bundle:
    """Export, calibrate and write a bundle; int8 is served where validation shows that it costs nothing."""
    export.halve(network)
    full = export.lite(network)
    small = export.lite(network, representative.pixels[:400])
    logits = {name: _logits(model, validation) for name, model in ((FULL, full), (SMALL, small))}
    balanced = {name: _balanced(values, validation) for name, values in logits.items()}
    serving = SMALL if balanced[SMALL] >= balanced[FULL] - WORTH else FULL
    manifest = {
        "version": provenance.version,
        "labels": list(provenance.labels),
        "network": "MobileNetV2 1.0",
        "preprocessing": asdict(crop),
        "locator": StainLocator().describe(),
        "serving": serving,
        "calibration": _calibration(logits[serving], validation),
        "validation_accuracy": balanced,
        "data": provenance.data,
        "training": provenance.training,
    }
    contents = {
        FULL: full,
        SMALL: small,
        WEIGHTS: export.stored_weights(network),
    }
    return write_bundle(folder, manifest, contents)


def _logits(model: bytes, examples: Examples) -> Floats:
    return LiteNetwork(model, threads=2).logits(to_tensor(examples.pixels))


def _balanced(logits: Floats, examples: Examples) -> float:
    right = logits.argmax(axis=1) == examples.targets
    return float((right * examples.share).sum() / examples.share.sum())


def _calibration(logits: Floats, validation: Examples) -> dict[str, float]:
    temperature = fit_temperature(logits, validation.targets, validation.share)
    probabilities = softmax(logits, temperature)
    threshold = abstention_threshold(probabilities, validation.targets, validation.share)
    answered = probabilities.max(axis=1) >= threshold
    wrong = (probabilities.argmax(axis=1) != validation.targets) & answered
    kept = float(validation.share[answered].sum())
    return {
        "temperature": temperature,
        "threshold": threshold,
        "coverage": kept / float(validation.share.sum()),
        "accepted_error": float(validation.share[wrong].sum()) / max(kept, 1e-9),
        "validation_cells": float(np.count_nonzero(validation.share)),
    }
