"""The training line: data, leak-free split, training, evaluation, bundle. One function reads as that list."""

from __future__ import annotations

import argparse
import json
from dataclasses import asdict, replace
from pathlib import Path

import numpy as np

from mlcore.engine import classic
from mlcore.engine.assemble import LocatorPart, Provenance, assemble
from mlcore.engine.bundle import LOCATOR, SHIPPED_BUNDLE, Bundle, read_bundle
from mlcore.engine.crops import finder_of, roomy
from mlcore.engine.prepared import Prepared, describe, prepare, say
from mlcore.engine.preprocess import CropSettings
from mlcore.engine.report import EVALUATION, held_out, with_figures
from mlcore.engine.runtime import load_predictor
from mlcore.engine.sampling import Examples
from mlcore.engine.train import Trainer, TrainSettings

# Copies of one original that teach what is novel, the range of int8, and the reference cells.
COPIES_SEEN = 2


def train_cells(options: argparse.Namespace, root: Path) -> None:
    """Train on single cells of all laboratories found under ``root`` and write the bundle."""
    data = prepare(root, options.work)
    train_reader(data, locator_of(_starting_bundle(options)), options)


def train_classic(options: argparse.Namespace, root: Path) -> None:
    """Train the baseline on whole fields: on Kaggle's TRAIN folder as is usual, else on what there is."""
    data = prepare(root, options.work)
    train_baseline(data, locator_of(_starting_bundle(options)), options)


def settings_for(options: argparse.Namespace, pictures: int) -> TrainSettings:
    """Return the settings of a training with as many ``pictures``: a third of the epochs is averaged."""
    steps = max(2, min(TrainSettings().steps, round(pictures / TrainSettings().batch)))
    averaged = max(1, options.epochs // 3)
    return replace(TrainSettings(), steps=steps, epochs=options.epochs, averaged=averaged, seed=options.seed)


def train_reader(data: Prepared, locator: LocatorPart, options: argparse.Namespace) -> Bundle:
    """Train the cell reader on prepared data, and write and measure its bundle."""
    crop, finder = CropSettings(), finder_of(locator.told, locator.files)
    settings = settings_for(options, len(data.parts.training))
    labels = data.labels(data.parts.training)
    training = data.examples("training", data.parts.training, labels, roomy(crop), finder)
    validation = data.examples("validation", data.few_copies(data.parts.validation), labels, crop, finder)
    trainer = Trainer(training, validation, settings, say=say)
    network = trainer.train(len(labels), options.weights, options.work / "network")
    say(json.dumps({"stage": "bundle"}))
    told = {"recipe": "cell", "weights": _origin(options.weights), **asdict(settings)}
    seen = data.examples("seen", data.few_copies(data.parts.training, COPIES_SEEN), labels, crop, finder)
    assemble(
        network,
        validation=validation,
        seen=shuffled(seen, settings.seed),
        crop=crop,
        locator=locator,
        provenance=Provenance(options.version, labels, describe(data, data.parts), told),
        folder=options.out,
    )
    return _finish(data, options.out)


def train_baseline(data: Prepared, locator: LocatorPart, options: argparse.Namespace) -> Bundle:
    """Train the classic recipe on prepared data, and write and measure its bundle."""
    training, finder = data.parts.training, finder_of(locator.told, locator.files)
    rows = [row for row in training if data.records[row].source == "kaggle-train"] or list(training)
    sources = {data.records[row].source for row in rows}
    validated = [row for row in data.parts.validation if data.records[row].source in sources]
    labels = data.labels(rows)
    fields = data.examples("fields", rows, labels, classic.SETTINGS, finder)
    judged = data.few_copies(validated)
    validation = data.examples("fields-validation", judged, labels, classic.SETTINGS, finder)
    network = classic.train_classic_head(fields, len(labels), options.weights, options.seed, say=say)
    used = replace(data.parts, training=tuple(rows), validation=tuple(validated))
    told = {
        "recipe": "classic",
        "weights": _origin(options.weights),
        "epochs": classic.EPOCHS,
        "seed": options.seed,
    }
    assemble(
        network,
        validation=validation,
        seen=shuffled(fields, options.seed).at(np.arange(min(400, len(fields.targets)))),
        crop=classic.SETTINGS,
        locator=locator,
        provenance=Provenance(options.version, labels, describe(data, used), told),
        folder=options.out,
    )
    return _finish(data, options.out)


def _origin(weights: str) -> str:
    """Return what the card says of the weights at the start: a bundle by its version, else ImageNet's."""
    start = Path(weights)
    return f"model {read_bundle(start).identity.version}" if start.is_dir() else "imagenet"


def locator_of(bundle: Bundle) -> LocatorPart:
    """Return the locator of a bundle, which a new bundle takes over."""
    files = {LOCATOR: bundle.contents[LOCATOR]}
    return LocatorPart(bundle.manifest["locator"], files, bundle.manifest["locator_training"])


def _starting_bundle(options: argparse.Namespace) -> Bundle:
    """Return the bundle that the training starts from, or the shipped one where it starts from ImageNet."""
    start = Path(options.weights)
    return read_bundle(start if start.is_dir() else SHIPPED_BUNDLE)


def _finish(data: Prepared, folder: Path) -> Bundle:
    """Measure the new bundle on what was held out, and write the figures into it."""
    say(json.dumps({"stage": "evaluation"}))
    predictor = load_predictor(folder, threads=2)
    bundle = with_figures(read_bundle(folder), {EVALUATION: held_out(data, predictor)})
    say(f"The bundle {bundle.identity.version} is complete.")
    return bundle


def shuffled(seen: Examples, seed: int) -> Examples:
    """Return the examples in an order in which any first part shows every class and laboratory."""
    random = np.random.default_rng(seed)
    return seen.at(random.choice(len(seen.targets), size=len(seen.targets), replace=False, p=seen.share))


RECIPES = {"cell": train_cells, "classic": train_classic}
