"""The locator's network: the first blocks of MobileNetV2 and a light centre-point head."""

from __future__ import annotations

from typing import Any

import keras

# The last features of a sixteenth and an eighth of the picture's side; nothing behind the first is kept.
COARSE, FINE = "block_12_add", "block_6_expand_relu"
FIRST_TUNED_BLOCK = "block_3_"
WIDTH = 64


def build(size: int) -> keras.Model:
    """Return a network from (n, size, size, 3) in -1..1 to (n, size / 8, size / 8, 6), weights random.

    The first two channels are logits of a cell's middle (nucleated, platelet), the others its box as
    ``locate.decode`` takes it.
    """
    trunk = _trunk(size)
    fine, coarse = trunk.output
    features = _block(coarse, "coarse", depthwise=False)
    features = keras.layers.UpSampling2D(2, interpolation="bilinear", name="up")(features)
    features = keras.layers.Add(name="both")([features, _block(fine, "fine", depthwise=False)])
    features = _block(features, "first", depthwise=True)
    features = _block(features, "second", depthwise=True)
    # At the start a cell is expected in one of a hundred places, or the empty ones would swamp the loss.
    rare = keras.initializers.Constant(-4.6)
    heat = keras.layers.Conv2D(2, 1, bias_initializer=rare, name="heat")(features)
    shapes = keras.layers.Conv2D(4, 1, name="shapes")(features)
    return keras.Model(trunk.input, keras.layers.Concatenate(name="maps")([heat, shapes]), name="locator")


def _trunk(size: int) -> keras.Model:
    base = keras.applications.MobileNetV2(input_shape=(size, size, 3), include_top=False, weights=None)
    return keras.Model(base.input, [base.get_layer(FINE).output, base.get_layer(COARSE).output])


def _block(features: Any, name: str, *, depthwise: bool) -> Any:
    if depthwise:
        features = keras.layers.DepthwiseConv2D(3, padding="same", use_bias=False, name=f"{name}_depth")(
            features
        )
    features = keras.layers.Conv2D(WIDTH, 1, name=f"{name}_mix")(features)
    return keras.layers.ReLU(6.0, name=f"{name}_relu")(features)


def start(network: keras.Model, weights: str) -> None:
    """Fill the trunk with ImageNet weights (``imagenet`` or a file), freeze its start and normalisation."""
    size = network.input_shape[1]
    donor = keras.applications.MobileNetV2(input_shape=(size, size, 3), include_top=False, weights=weights)
    known = {layer.name: layer for layer in donor.layers}
    reached = False
    for layer in network.layers:
        if layer.name in known:
            layer.set_weights(known[layer.name].get_weights())
        reached = reached or layer.name.startswith(FIRST_TUNED_BLOCK)
        # Frozen, a normalisation also keeps its stored statistics while training.
        layer.trainable = reached and not isinstance(layer, keras.layers.BatchNormalization)


def outputs(network: keras.Model) -> keras.Model:
    """Return the same network with heat and shapes apart, as serving takes them: each has its own range."""
    parts = [network.get_layer(name).output for name in ("heat", "shapes")]
    return keras.Model(network.input, parts, name="locator_parts")
