"""Everything that serving needs, put together from a trained network: the last step of training."""

from __future__ import annotations

import io
from collections.abc import Mapping
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

import keras
import numpy as np
from numpy.typing import NDArray

from mlcore.engine import export
from mlcore.engine.bundle import (
    FULL,
    HEAD,
    NOVELTY,
    REFERENCES,
    SEEN,
    SMALL,
    WEIGHTS,
    Bundle,
    write_bundle,
)
from mlcore.engine.calibrate import Floats, class_limits, fit_temperature, softmax
from mlcore.engine.contracts import Image
from mlcore.engine.head import Head, embedding
from mlcore.engine.novelty import Novelty, distance_limit
from mlcore.engine.preprocess import CropSettings, to_tensor
from mlcore.engine.runtime import LiteNetwork
from mlcore.engine.sampling import Examples
from mlcore.engine.seen import Seen
from mlcore.engine.similar import References

# int8 is served only if it costs at most this much balanced accuracy on validation.
WORTH = 0.003
WANTED_ERROR = 0.01
# An answer that is little more than a coin's toss helps nobody, however well validation went: in a new
# laboratory the unsure answers are the wrong ones.
LEAST_CONFIDENCE = 0.8
REFERENCES_OF_A_CLASS = 40
REPRESENTATIVES = 400


@dataclass(frozen=True, slots=True)
class LocatorPart:
    """The locator that goes into the bundle: its settings, its files by name, and how it was trained.

    ``seen`` is what it was trained on, or the bundle that it was taken from, which counts as seen by
    whatever is read with it.
    """

    told: Mapping[str, Any]
    files: Mapping[str, bytes]
    training: Mapping[str, Any]
    seen: Seen


@dataclass(frozen=True, slots=True)
class Provenance:
    """What a bundle says about its origin: version, classes, locator, training data and settings.

    ``seen`` is the file that names the pictures it must not be judged by.
    """

    version: str
    labels: tuple[str, ...]
    locator: LocatorPart
    data: dict[str, Any]
    training: dict[str, Any]
    seen: bytes


@dataclass(frozen=True, slots=True)
class CellsRead:
    """What one exported network makes of cells: logits (n, classes) and embeddings (n, channels)."""

    logits: Floats
    embeddings: Floats

    def balanced(self, examples: Examples) -> float:
        """Return the share that is right, weighted as the examples are."""
        right = self.logits.argmax(axis=1) == examples.targets
        return float((right * examples.share).sum() / examples.share.sum())


def assemble(
    network: keras.Model,
    *,
    validation: Examples,
    seen: Examples,
    crop: CropSettings,
    provenance: Provenance,
    folder: Path,
) -> Bundle:
    """Export, calibrate and write a bundle; int8 is served where validation shows that it costs nothing.

    ``seen`` are training cells as serving sees them, in an order in which any first part shows every class
    and laboratory: they set the range of int8, what is novel, and the reference cells.
    """
    export.halve(network)
    head, trunk = export.head_of(network), export.trunk(network)
    models = {FULL: export.lite(trunk), SMALL: export.lite(trunk, seen.pixels[:REPRESENTATIVES])}
    reads = {name: read_cells(model, head, validation.pixels) for name, model in models.items()}
    balanced = {name: read.balanced(validation) for name, read in reads.items()}
    serving = SMALL if balanced[SMALL] >= balanced[FULL] - WORTH else FULL
    contents = {**models, HEAD: head.to_bytes(), WEIGHTS: export.stored_weights(network)}
    known = read_cells(models[serving], head, seen.pixels)
    read = Read(validation, reads[serving], seen, known.embeddings)
    return complete(contents, read, serving, balanced, crop=crop, provenance=provenance, folder=folder)


@dataclass(frozen=True, slots=True)
class Read:
    """What the served network makes of the validation cells and of training cells, ``known``."""

    validation: Examples
    validated: CellsRead
    seen: Examples
    known: Floats


def complete(
    contents: dict[str, bytes],
    read: Read,
    serving: str,
    balanced: Mapping[str, float],
    *,
    crop: CropSettings,
    provenance: Provenance,
    folder: Path,
) -> Bundle:
    """Calibrate, learn what is novel, and write the bundle of the files ``contents``.

    ``balanced`` is the balanced accuracy on validation of each network file that was compared.
    """
    calibration = calibrated(read.validated.logits, read.validation, provenance.labels)
    extra = {REFERENCES: _references(read.known, read.seen, provenance.labels).to_bytes()}
    if not crop.whole:
        novelty = Novelty.fit(read.known, read.seen.targets)
        extra[NOVELTY] = _packed(novelty.to_arrays())
        calibration["distance"] = distance_limit(novelty.distances(read.validated.embeddings))
    manifest = {
        "version": provenance.version,
        "labels": list(provenance.labels),
        "network": "MobileNetV2 1.0",
        "preprocessing": asdict(crop),
        "locator": dict(provenance.locator.told),
        "serving": serving,
        "calibration": calibration,
        "validation_accuracy": dict(balanced),
        "data": provenance.data,
        "training": provenance.training,
        "locator_training": dict(provenance.locator.training),
    }
    files = {**contents, **provenance.locator.files, **extra, SEEN: provenance.seen}
    return write_bundle(folder, manifest, files)


def read_cells(model: bytes, head: Head, pixels: Image) -> CellsRead:
    """Show crops (n, size, size, 3) to an exported network, one by one as serving does."""
    network = LiteNetwork(model, threads=2)
    logits, embeddings = [], []
    for crop in pixels:
        features = network.features(to_tensor(crop)[None])[0]
        logits.append(head.logits(features))
        embeddings.append(embedding(features))
    return CellsRead(np.stack(logits), np.stack(embeddings))


def calibrated(logits: Floats, validation: Examples, labels: tuple[str, ...]) -> dict[str, Any]:
    """Return temperature and limits fitted on validation, and what they keep and err there."""
    temperature = fit_temperature(logits, validation.targets, validation.share)
    probabilities = softmax(logits, temperature)
    limits = class_limits(
        probabilities,
        validation.targets,
        validation.groups,
        validation.share,
        wanted_error=WANTED_ERROR,
        least_confidence=LEAST_CONFIDENCE,
    )
    least = np.asarray([limit.threshold for limit in limits])
    answer = probabilities.argmax(axis=1)
    answered = probabilities.max(axis=1) >= least[answer]
    wrong = answered & (answer != validation.targets)
    kept, whole = float(validation.share[answered].sum()), float(validation.share.sum())
    return {
        "temperature": temperature,
        "wanted_error": WANTED_ERROR,
        "coverage": kept / whole,
        "accepted_error": float(validation.share[wrong].sum()) / max(kept, 1e-9),
        "validation_cells": len(validation.targets),
        "validation_originals": len(set(validation.groups.tolist())),
        "classes": {label: asdict(limit) for label, limit in zip(labels, limits, strict=True)},
    }


def _references(vectors: Floats, seen: Examples, labels: tuple[str, ...]) -> References:
    """Return some cells of each class, one of an original, taken in the order given."""
    rows: list[int] = []
    for target in range(len(labels)):
        own = np.flatnonzero(seen.targets == target)
        _groups, first = np.unique(seen.groups[own], return_index=True)
        rows += own[np.sort(first)][:REFERENCES_OF_A_CLASS].tolist()
    return References(
        vectors[rows],
        tuple(labels[int(seen.targets[row])] for row in rows),
        tuple(seen.names[row] for row in rows),
    )


def _packed(arrays: Mapping[str, NDArray[Any]]) -> bytes:
    """Return arrays as the bytes of an ``npz`` file."""
    buffer = io.BytesIO()
    np.savez_compressed(buffer, allow_pickle=False, **arrays)
    return buffer.getvalue()
