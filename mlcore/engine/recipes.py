"""The training line: data, leak-free split, training, evaluation, bundle. One function reads as that list."""

from __future__ import annotations

import argparse
import json
from collections.abc import Callable
from dataclasses import asdict, replace
from pathlib import Path

from mlcore.engine import classic
from mlcore.engine.assemble import LocatorPart, Provenance, assemble
from mlcore.engine.bundle import Bundle, read_bundle
from mlcore.engine.chosen import prepare_frozen
from mlcore.engine.crops import finder_of, roomy
from mlcore.engine.exposure import seen_pictures
from mlcore.engine.head_recipe import train_heads
from mlcore.engine.network import EVERY
from mlcore.engine.prepared import Prepared, describe, prepare, say
from mlcore.engine.preprocess import CropSettings
from mlcore.engine.provenance import COPIES_SEEN, balanced_as, locator_of, mixed, starting_bundle, told_of
from mlcore.engine.report import EVALUATION, held_out, with_figures
from mlcore.engine.runtime import load_predictor
from mlcore.engine.train import Trainer, TrainSettings

# How far the changes of augmentation go, over those that leaving one laboratory out has chosen.
STRENGTHS = {"none": 0.0, "light": 0.5, "usual": 1.0, "strong": 1.5}


def train_order(options: argparse.Namespace, root: Path | None) -> Bundle:
    """Train by the recipe that ``options`` name on the folder ``root``, or on the frozen sets they name."""
    if root:
        data = prepare(root, options.work)
    else:
        data = prepare_frozen(options.dataset, options.pictures, options.work, options.cache)
    return RECIPES[options.recipe](data, options)


def settings_for(options: argparse.Namespace, pictures: int) -> TrainSettings:
    """Return the settings of a training with as many ``pictures``: a third of the epochs is averaged."""
    usual = TrainSettings()
    return replace(
        usual,
        steps=max(2, min(usual.steps, round(pictures / usual.batch))),
        epochs=options.epochs,
        averaged=max(1, options.epochs // 3),
        seed=options.seed,
        strengths=usual.strengths.scaled(STRENGTHS[options.augmentation]),
        blocks=EVERY if options.recipe == "full" else options.blocks,
        patience=options.patience,
    )


def _train_network(data: Prepared, options: argparse.Namespace) -> Bundle:
    return train_reader(data, locator_of(starting_bundle(options)), options)


def _train_classic(data: Prepared, options: argparse.Namespace) -> Bundle:
    """Train the baseline on whole fields: on Kaggle's TRAIN folder as is usual, else on what there is."""
    return train_baseline(data, locator_of(starting_bundle(options)), options)


def train_reader(data: Prepared, locator: LocatorPart, options: argparse.Namespace) -> Bundle:
    """Train the cell reader on prepared data, and write and measure its bundle."""
    crop, finder = CropSettings(), finder_of(locator.told, locator.files)
    settings = settings_for(options, len(data.parts.training))
    labels = data.labels(data.parts.training)
    found = data.examples("training", data.parts.training, labels, roomy(crop), finder)
    validation = data.examples("validation", data.few_copies(data.parts.validation), labels, crop, finder)
    trainer = Trainer(balanced_as(options, found), validation, settings, say=say, stop=options.stop)
    network = trainer.train(len(labels), options.weights, options.work / "network")
    say(json.dumps({"stage": "bundle"}))
    seen = data.examples("seen", data.few_copies(data.parts.training, COPIES_SEEN), labels, crop, finder)
    assemble(
        network,
        validation=validation,
        seen=seen.at(mixed(seen, settings.seed)),
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
    told = {**told_of(options, {"epochs": classic.EPOCHS, "seed": options.seed}), "recipe": "classic"}
    assemble(
        network,
        validation=validation,
        seen=fields.at(mixed(fields, options.seed)[:400]),
        crop=classic.SETTINGS,
        provenance=Provenance(
            options.version,
            labels,
            locator,
            describe(data, used),
            told,
            seen_pictures(data, used, locator.seen),
        ),
        folder=options.out,
    )
    return _finish(data, options.out)


def _finish(data: Prepared, folder: Path) -> Bundle:
    """Measure the new bundle on what was held out, and write the figures into it."""
    say(json.dumps({"stage": "evaluation"}))
    predictor = load_predictor(folder, threads=2)
    bundle = with_figures(read_bundle(folder), {EVALUATION: held_out(data, predictor)})
    say(f"The bundle {bundle.identity.version} is complete.")
    return bundle


RECIPES: dict[str, Callable[[Prepared, argparse.Namespace], Bundle]] = {
    "head": train_heads,
    "ensemble": train_heads,
    "cell": _train_network,
    "full": _train_network,
    "classic": _train_classic,
}
