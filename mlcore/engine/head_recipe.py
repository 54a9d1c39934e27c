"""Training heads alone: the base's features are computed once, and the bundle keeps the base as it is."""

from __future__ import annotations

import argparse
import hashlib
import json
from collections.abc import Sequence
from dataclasses import asdict, dataclass
from pathlib import Path

import keras
import numpy as np

from mlcore.engine import export
from mlcore.engine import network as networks
from mlcore.engine.abstain import judge_from
from mlcore.engine.assemble import CellsRead, LocatorPart, Provenance, Read, complete
from mlcore.engine.bundle import FULL, HEAD, SMALL, WEIGHTS, Bundle, read_bundle
from mlcore.engine.crops import finder_of
from mlcore.engine.errors import DataError
from mlcore.engine.evaluate import report
from mlcore.engine.exposure import seen_pictures
from mlcore.engine.features import Base, FeatureStore
from mlcore.engine.head import Floats, Head, head_from
from mlcore.engine.heads import HeadSettings, HeadTrainer, Vectors, begun
from mlcore.engine.prepared import Prepared, describe, say
from mlcore.engine.preprocess import CropSettings
from mlcore.engine.provenance import COPIES_SEEN, balanced_as, locator_of, mixed, starting_bundle, told_of
from mlcore.engine.report import EVALUATION, part_name, with_figures
from mlcore.engine.sampling import Examples
from mlcore.engine.unseen import outcomes_of

# Turned and mirrored copies of each training cell that a head learns from, by strength of augmentation.
VIEWS = {"none": 1, "light": 2, "usual": 2, "strong": 4}
MEMBERS = 5


@dataclass(frozen=True, slots=True)
class _Kept:
    """The network files that a new bundle takes over, which of them is served, and its features' store."""

    files: dict[str, bytes]
    serving: str
    stores: dict[int, FeatureStore]


def train_heads(data: Prepared, options: argparse.Namespace) -> Bundle:
    """Train the head, or the mean of several, and write and measure the bundle."""
    crop, labels = CropSettings(), data.labels(data.parts.training)
    locator = locator_of(starting_bundle(options))
    kept = _kept(options, crop, locator)
    found = _vectors(data, data.parts.training, labels, kept.stores[VIEWS[options.augmentation]])
    training = Vectors(balanced_as(options, found.examples), found.vectors)
    validation = _vectors(data, data.few_copies(data.parts.validation), labels, kept.stores[1])
    settings = HeadSettings(
        epochs=options.epochs,
        patience=options.patience,
        seed=options.seed,
        members=MEMBERS if options.recipe == "ensemble" else 1,
    )
    trainer = HeadTrainer(training, validation, settings, say=say, stop=options.stop)
    start = begun(labels, training.vectors.shape[-1], _known_columns(options), options.seed)
    network = _with_head(labels, options, trainer.train(start, options.work / "heads"))
    say(json.dumps({"stage": "bundle"}))
    head = export.head_of(network)
    seen = _vectors(data, data.few_copies(data.parts.training, COPIES_SEEN), labels, kept.stores[1])
    validated = _reads(head, validation)
    bundle = complete(
        {**kept.files, HEAD: head.to_bytes(), WEIGHTS: export.stored_weights(network)},
        Read(validation.examples, validated, *_mixed(seen, options.seed)),
        kept.serving,
        {kept.serving: validated.balanced(validation.examples)},
        crop=crop,
        provenance=Provenance(
            options.version,
            labels,
            locator,
            describe(data, data.parts),
            told_of(options, asdict(settings)),
            seen_pictures(data, data.parts, locator.seen),
        ),
        folder=options.out,
    )
    return _measured(data, bundle, kept.stores[1])


def _kept(options: argparse.Namespace, crop: CropSettings, locator: LocatorPart) -> _Kept:
    """Return the base's files: those of the bundle at the start, else exported from its weights."""
    files, serving = _files_of(options.weights, crop) or ({FULL: _exported(options)}, FULL)
    base = Base(files[serving], crop, finder_of(locator.told, locator.files))
    views = {1, VIEWS[options.augmentation]}
    stores = {
        count: FeatureStore(options.cache, base, views=count, processes=options.threads) for count in views
    }
    return _Kept(files, serving, stores)


def _files_of(start: str, crop: CropSettings) -> tuple[dict[str, bytes], str] | None:
    """Return the network files of the bundle at the start and which is served; None where it fits not."""
    if not Path(start).is_dir():
        return None
    bundle = read_bundle(Path(start))
    if bundle.manifest["preprocessing"] != asdict(crop):
        return None
    files = {name: bundle.contents[name] for name in (FULL, SMALL) if name in bundle.contents}
    return files, bundle.manifest["serving"]


def _exported(options: argparse.Namespace) -> bytes:
    """Return the base's network for LiteRT, kept by the hash of its weights."""
    network = _started(options, 2)
    weights = hashlib.sha256(b"".join(w.tobytes() for w in network.get_layer(networks.BASE).get_weights()))
    path: Path = options.cache / f"base-{weights.hexdigest()[:16]}.tflite"
    if not path.exists():
        path.parent.mkdir(parents=True, exist_ok=True)
        draft = path.with_suffix(".draft")
        draft.write_bytes(export.lite(export.trunk(network)))
        draft.replace(path)
    return path.read_bytes()


def _started(options: argparse.Namespace, classes: int) -> keras.Model:
    network = networks.build(CropSettings().size, classes)
    networks.load_start(network, options.weights)
    export.halve(network)
    return network


def _with_head(labels: tuple[str, ...], options: argparse.Namespace, head: Head) -> keras.Model:
    """Return the whole network with the trained head, in the precision in which it is stored."""
    network = _started(options, len(labels))
    network.get_layer("classes").set_weights([head.kernel, head.bias])
    export.halve(network)
    return network


def _known_columns(options: argparse.Namespace) -> dict[str, tuple[Floats, float]]:
    """Return what the model at the start says of each class that it knows; nothing for ImageNet."""
    if _files_of(options.weights, CropSettings()) is None:
        return {}
    bundle = read_bundle(Path(options.weights))
    head = head_from(bundle.contents[HEAD])
    columns = zip(bundle.labels, head.kernel.T, head.bias, strict=True)
    return {label: (kernel, float(bias)) for label, kernel, bias in columns}


def _vectors(data: Prepared, rows: Sequence[int], labels: tuple[str, ...], store: FeatureStore) -> Vectors:
    """Return the features of ``rows``; raises ``DataError`` where no cell is found in any of them."""
    known = data.known(rows, labels)
    found = store.of(data.root, [data.records[row] for row in known])
    pairs = [(row, vectors) for row, vectors in zip(known, found, strict=True) if vectors is not None]
    if not pairs:
        raise DataError("No cell was found in the pictures to train, validate or test on.")
    nothing = np.zeros((len(pairs), 0, 0, 3), np.uint8)
    stacked = np.stack([vectors for _row, vectors in pairs])
    return Vectors(data.described([row for row, _vectors in pairs], labels, nothing), stacked)


def _mixed(seen: Vectors, seed: int) -> tuple[Examples, Floats]:
    """Return training cells and their features in an order whose any first part shows every class."""
    order = mixed(seen.examples, seed)
    return seen.examples.at(order), seen.vectors[order, 0]


def _reads(head: Head, cells: Vectors) -> CellsRead:
    vectors = cells.vectors[:, 0]
    return CellsRead(vectors @ head.kernel + head.bias, vectors)


def _measured(data: Prepared, bundle: Bundle, store: FeatureStore) -> Bundle:
    """Write figures of the held-out cells into the bundle, read from their features by its own limits."""
    say(json.dumps({"stage": "evaluation"}))
    judge, temperature = judge_from(bundle), float(bundle.manifest["calibration"]["temperature"])
    head, figures = head_from(bundle.contents[HEAD]), {}
    rows = data.known(data.parts.held_out, bundle.labels)
    for source in sorted({data.records[row].source for row in rows}):
        own = [row for row in rows if data.records[row].source == source]
        judged = _vectors(data, own, bundle.labels, store)
        outcomes = outcomes_of(_reads(head, judged), judged.examples, judge, temperature)
        figures[part_name(data, source)] = report(outcomes, bundle.labels)
    done = with_figures(bundle, {EVALUATION: figures})
    say(f"The bundle {done.identity.version} is complete.")
    return done
