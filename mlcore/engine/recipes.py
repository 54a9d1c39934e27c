"""The training line: data, leak-free split, training, evaluation, bundle. One function reads as that list."""

from __future__ import annotations

import argparse
import json
from dataclasses import asdict
from pathlib import Path

import numpy as np

from mlcore.engine import classic
from mlcore.engine.assemble import Provenance, assemble
from mlcore.engine.bundle import read_bundle
from mlcore.engine.crops import roomy
from mlcore.engine.prepared import Prepared, describe, prepare, say
from mlcore.engine.preprocess import CropSettings
from mlcore.engine.report import EVALUATION, held_out, with_figures
from mlcore.engine.runtime import load_predictor
from mlcore.engine.sampling import Examples
from mlcore.engine.train import Trainer, TrainSettings


def train_cells(options: argparse.Namespace, root: Path) -> None:
    """Train on single cells of all laboratories found under ``root`` and write the bundle."""
    crop = CropSettings()
    data = prepare(root, options.work)
    settings = TrainSettings(
        steps=steps_for(len(data.parts.training)),
        epochs=options.epochs,
        seed=options.seed,
        background=crop.background,
    )
    labels = data.labels(data.parts.training)
    training = data.examples("training", data.parts.training, labels, roomy(crop))
    validation = data.examples("validation", data.few_copies(data.parts.validation), labels, crop)
    trainer = Trainer(training, validation, settings, say=say)
    network = trainer.train(len(labels), options.weights, options.work / "network")
    say(json.dumps({"stage": "bundle"}))
    seen = data.examples("range", data.few_copies(data.parts.training, 1), labels, crop)
    told = {"recipe": "cell", **asdict(settings)}
    assemble(
        network,
        validation=validation,
        representative=shuffled(seen, settings.seed),
        crop=crop,
        provenance=Provenance(options.version, labels, describe(data), told),
        folder=options.out,
    )
    _finish(data, options.out)


def train_classic(options: argparse.Namespace, root: Path) -> None:
    """Train the baseline on whole fields: on Kaggle's TRAIN folder as is usual, else on what there is."""
    data = prepare(root, options.work)
    training = data.parts.training
    rows = [row for row in training if data.records[row].source == "kaggle-train"] or list(training)
    sources = {data.records[row].source for row in rows}
    validated = [row for row in data.parts.validation if data.records[row].source in sources]
    labels = data.labels(rows)
    fields = data.examples("fields", rows, labels, classic.SETTINGS)
    validation = data.examples("fields-validation", data.few_copies(validated), labels, classic.SETTINGS)
    network = classic.train_classic_head(fields, len(labels), options.weights, options.seed)
    told = {"recipe": "classic", "epochs": classic.EPOCHS, "seed": options.seed}
    assemble(
        network,
        validation=validation,
        representative=shuffled(fields, options.seed),
        crop=classic.SETTINGS,
        provenance=Provenance(options.version, labels, describe(data), told),
        folder=options.out,
    )
    _finish(data, options.out)


def _finish(data: Prepared, folder: Path) -> None:
    """Measure the new bundle on what was held out, and write the figures into it."""
    say(json.dumps({"stage": "evaluation"}))
    predictor = load_predictor(folder, threads=2)
    bundle = with_figures(read_bundle(folder), {EVALUATION: held_out(data, predictor)})
    say(f"The bundle {bundle.identity.version} is complete.")


def steps_for(pictures: int) -> int:
    """Return how many batches make an epoch: a small folder is seen once, a large one in parts."""
    return max(2, min(TrainSettings().steps, round(pictures / TrainSettings().batch)))


def shuffled(seen: Examples, seed: int) -> Examples:
    """Return the examples in an order in which any first part shows every class and laboratory."""
    random = np.random.default_rng(seed)
    order = random.choice(len(seen.targets), size=min(400, len(seen.targets)), replace=False, p=seen.share)
    return Examples(seen.pixels[order], seen.targets[order], seen.share[order])


RECIPES = {"cell": train_cells, "classic": train_classic}
