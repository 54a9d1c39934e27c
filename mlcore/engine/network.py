"""The network: MobileNetV2 (Sandler et al. 2018) with a small head, normalisation frozen."""

from __future__ import annotations

from pathlib import Path

import keras

from mlcore.engine.bundle import WEIGHTS, verified_file

# MobileNetV2's blocks are numbered 1 to 16; what lies in front of them is reached by ``EVERY`` alone.
EVERY = 17
# Blocks in front of these keep their ImageNet weights: edges and colours are the same everywhere,
# and leaving them alone keeps a foreign stain readable and halves the time of a step.
USUAL_BLOCKS = 14
BASE = "mobilenet_v2"


def build(size: int, classes: int, *, dropout: float = 0.3) -> keras.Model:
    """Return a network from (n, size, size, 3) in -1..1 to (n, classes) logits, with random weights."""
    base = keras.applications.MobileNetV2(
        input_shape=(size, size, 3), include_top=False, weights=None, name=BASE
    )
    inputs = keras.Input((size, size, 3), name="cell")
    # ``training=False`` keeps the normalisation at its stored statistics: re-estimating them on one
    # laboratory is what makes a network collapse on the next.
    features = base(inputs, training=False)
    pooled = keras.layers.GlobalAveragePooling2D(name="embedding")(features)
    dropped = keras.layers.Dropout(dropout, name="dropout")(pooled)
    logits = keras.layers.Dense(classes, name="classes")(dropped)
    return keras.Model(inputs, logits, name="cell_reader")


def build_classic(size: int, classes: int, *, dropout: float = 0.5) -> keras.Model:
    """Return the widespread recipe's network: frozen base, Flatten, Dropout, Dense."""
    base = keras.applications.MobileNetV2(
        input_shape=(size, size, 3), include_top=False, weights=None, name=BASE
    )
    base.trainable = False
    inputs = keras.Input((size, size, 3), name="field")
    flat = keras.layers.Flatten(name="flatten")(base(inputs, training=False))
    dropped = keras.layers.Dropout(dropout, name="dropout")(flat)
    logits = keras.layers.Dense(classes, name="classes")(dropped)
    return keras.Model(inputs, logits, name="classic_reader")


def load_start(network: keras.Model, start: str) -> None:
    """Fill the base with ImageNet weights (``imagenet`` or a file) or the network from a bundle folder."""
    path = Path(start)
    if path.is_dir():
        _load_bundle(network, verified_file(path, WEIGHTS))
        return
    weights = "imagenet" if start == "imagenet" else str(path)
    base = network.get_layer(BASE)
    donor = keras.applications.MobileNetV2(
        input_shape=base.input_shape[1:], include_top=False, weights=weights
    )
    base.set_weights(donor.get_weights())


def _load_bundle(network: keras.Model, weights: Path) -> None:
    """Load the base always, the head only where it has as many classes as this network."""
    try:
        network.load_weights(weights)
    except ValueError:
        network.load_weights(weights, skip_mismatch=True)


def tune(network: keras.Model, blocks: int) -> None:
    """Make the head trainable and as many of the last ``blocks``, 0 to ``EVERY``; normalisation stays."""
    base = network.get_layer(BASE)
    base.trainable = True
    reached = blocks >= EVERY
    for layer in base.layers:
        reached = reached or layer.name.startswith(f"block_{EVERY - blocks}_")
        normalises = isinstance(layer, keras.layers.BatchNormalization)
        layer.trainable = blocks > 0 and reached and not normalises
