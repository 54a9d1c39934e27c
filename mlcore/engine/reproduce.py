"""The shipped model made anew from the public sets: one command, resumable, with all figures and the card."""

from __future__ import annotations

import argparse
import json
import time
from dataclasses import replace
from pathlib import Path

from mlcore.engine import report
from mlcore.engine.assemble import LocatorPart
from mlcore.engine.bundle import LOCATOR, Bundle, read_bundle
from mlcore.engine.crops import finder_of
from mlcore.engine.detector.recipe import train_detector
from mlcore.engine.detector.train import DetectorSettings
from mlcore.engine.exposure import located
from mlcore.engine.prepared import Prepared, prepare, say
from mlcore.engine.preprocess import CropSettings
from mlcore.engine.recipes import settings_for, train_baseline, train_reader
from mlcore.engine.unseen import Course, leave_one_out

WEIGHTS = "mobilenet_v2_1.0_224_imagenet_notop.weights.h5"
# Each laboratory is left out by a shorter training than the shipped model's, so the figures err downwards.
UNSEEN_EPOCHS = 3
STAGES = ("data", "locator", "reader", "unseen laboratories", "classic recipe", "figures and card")


def reproduce(options: argparse.Namespace, root: Path) -> Bundle:
    """Check the data, train locator and reader, measure both, write the card; returns the finished bundle.

    Everything is kept in ``options.work``: called again, it goes on where it was stopped. Raises
    ``DataError`` or ``LeakError`` as ``prepare`` does.
    """
    clock = _Clock()
    clock.begin("data")
    data = prepare(root, options.work)
    clock.begin("locator")
    locator = own_locator(data, options)
    clock.begin("reader")
    if not (options.out / report.EVALUATION).exists():
        train_reader(data, locator, options)
    clock.begin("unseen laboratories")
    unseen = leave_one_out(course(data, locator, options), options.work / "unseen")
    clock.begin("classic recipe")
    baseline = options.work / "classic"
    if not (baseline / report.EVALUATION).exists():
        train_baseline(data, locator, _changed(options, out=baseline, version=f"classic-{options.version}"))
    clock.begin("figures and card")
    report.with_figures(read_bundle(options.out), {report.UNSEEN: unseen})
    bundle = report.measure(data, options.out, baseline, options.ledger, options.remark)
    say(f"Reproduced in {clock.minutes():.0f} minutes: {options.out}")
    return bundle


def own_locator(data: Prepared, options: argparse.Namespace) -> LocatorPart:
    """Train the locator, or take the one that an earlier call has trained."""
    settings = DetectorSettings(seed=options.seed)
    parts = train_detector(data, options.weights, options.work / "locator", settings, say=say)
    return LocatorPart(
        told={"file": LOCATOR, **parts.locator.describe()},
        files={LOCATOR: parts.served},
        training=parts.told,
        seen=located(data),
    )


def course(data: Prepared, locator: LocatorPart, options: argparse.Namespace) -> Course:
    """Return how laboratories are left out: the reader's own recipe, shorter."""
    settings = settings_for(_changed(options, epochs=UNSEEN_EPOCHS), len(data.parts.training))
    return Course(
        data,
        finder_of(locator.told, locator.files),
        CropSettings(),
        replace(settings, averaged=2),
        options.weights,
    )


def start_weights(root: Path) -> str:
    """Return the ImageNet weights in or beside the data folder, else ``imagenet``, which Keras fetches."""
    places = (root / WEIGHTS, root / "weights" / WEIGHTS, root.parent / "weights" / WEIGHTS)
    return next((str(place) for place in places if place.is_file()), "imagenet")


class _Clock:
    """Says which stage begins, how many are left, and how long all has taken."""

    def __init__(self) -> None:
        self._began = time.monotonic()

    def minutes(self) -> float:
        return (time.monotonic() - self._began) / 60

    def begin(self, stage: str) -> None:
        told = {"stage": stage, "part": STAGES.index(stage) + 1, "parts": len(STAGES)}
        say(json.dumps({**told, "minutes": round(self.minutes(), 1)}))


def _changed(options: argparse.Namespace, **changes: object) -> argparse.Namespace:
    return argparse.Namespace(**{**vars(options), **changes})
