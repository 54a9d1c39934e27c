"""What every recipe says of a training: where it started, with which settings, on which locator."""

from __future__ import annotations

import argparse
from collections.abc import Mapping
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from mlcore.engine.assemble import LocatorPart
from mlcore.engine.bundle import LOCATOR, SHIPPED_BUNDLE, Bundle, read_bundle
from mlcore.engine.sampling import Examples, shares_as_found
from mlcore.engine.seen import seen_by
from mlcore.engine.watch import stop_asked

# Copies of one original that teach what is novel, the range of int8, and the reference cells.
COPIES_SEEN = 2


def starting_bundle(options: argparse.Namespace) -> Bundle:
    """Return the bundle that the training starts from, or the shipped one where it starts from ImageNet."""
    start = Path(options.weights)
    return read_bundle(start if start.is_dir() else SHIPPED_BUNDLE)


def locator_of(bundle: Bundle) -> LocatorPart:
    """Return the locator of a bundle, which a new bundle takes over."""
    files = {LOCATOR: bundle.contents[LOCATOR]}
    training = bundle.manifest["locator_training"]
    return LocatorPart(bundle.manifest["locator"], files, training, seen_by(bundle))


def origin(weights: str) -> str:
    """Return what the card says of the weights at the start: a bundle by its version, else ImageNet's."""
    start = Path(weights)
    return f"model {read_bundle(start).identity.version}" if start.is_dir() else "imagenet"


def told_of(options: argparse.Namespace, settings: Mapping[str, Any]) -> dict[str, Any]:
    """Return what the manifest says of a training with ``settings``; call it once the training has ended."""
    return {
        "recipe": options.recipe,
        "weights": origin(options.weights),
        "augmentation": options.augmentation,
        "balance": options.balance,
        "stopped_early": stop_asked(options.stop),
        **settings,
    }


def balanced_as(options: argparse.Namespace, training: Examples) -> Examples:
    """Return the examples to learn from with the weights that the order asks for."""
    if options.balance == "even":
        return training
    return replace(training, share=shares_as_found(training.groups))


def mixed(seen: Examples, seed: int) -> NDArray[np.intp]:
    """Return an order in which any first part of the examples shows every class and laboratory."""
    random = np.random.default_rng(seed)
    order: NDArray[np.intp] = random.choice(
        len(seen.targets), size=len(seen.targets), replace=False, p=seen.share
    )
    return order
