"""Training of the locator's network: windows of fields, focal loss for the peaks, IoU for the boxes."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import keras
import numpy as np
import tensorflow as tf

from mlcore.engine.contracts import Image
from mlcore.engine.detector import network as networks
from mlcore.engine.detector.augment import recolour
from mlcore.engine.detector.examples import Field
from mlcore.engine.detector.targets import CHANNELS, HEAT, SHAPE, SIZE_WEIGHT, WEIGHT, Numbers
from mlcore.engine.detector.views import Window
from mlcore.engine.detector.windows import asked, batches
from mlcore.engine.locate import STRIDE, UNIT
from mlcore.engine.preprocess import to_tensor
from mlcore.engine.progress import progress
from mlcore.engine.watch import Kept, weights_file


@dataclass(frozen=True, slots=True)
class DetectorSettings:
    """How long and how hard to train; an epoch is ``steps`` batches, not a pass over the pictures."""

    size: int = 192
    batch: int = 32
    steps: int = 100
    epochs: int = 20
    rate: float = 1e-3
    seed: int = 20


def fit(
    training: Sequence[Field],
    validation: Sequence[Window],
    settings: DetectorSettings,
    weights: str,
    *,
    workdir: Path,
    say: Callable[[str], None],
) -> keras.Model:
    """Return the network with the weights that did best on validation.

    ``weights`` are those of the trunk at the start (``imagenet`` or a file). The state is kept in
    ``workdir`` after every epoch, so a stopped training goes on and a finished one returns at once.
    """
    keras.utils.set_random_seed(settings.seed)
    workdir.mkdir(parents=True, exist_ok=True)
    network = networks.build(settings.size)
    networks.start(network, weights)
    kept = Kept(workdir, averaged=1)
    if kept.done < settings.epochs:
        _fit(network, _stream(training, settings), validation, settings, kept=kept, say=say)
    network.load_weights(weights_file(workdir, kept.best))
    return network


def _fit(
    network: keras.Model,
    stream: Any,
    validation: Sequence[Window],
    settings: DetectorSettings,
    *,
    kept: Kept,
    say: Callable[[str], None],
) -> None:
    schedule = keras.optimizers.schedules.CosineDecay(
        0.0,
        settings.epochs * settings.steps,
        alpha=0.01,
        warmup_target=settings.rate,
        warmup_steps=settings.steps,
    )
    network.compile(keras.optimizers.AdamW(schedule, weight_decay=1e-4, clipnorm=5.0), loss=loss)
    network.fit(
        stream,
        steps_per_epoch=settings.steps,
        epochs=settings.epochs,
        initial_epoch=kept.resume(network),
        validation_data=(
            to_tensor(np.stack([window.pixels for window in validation])),
            np.stack([asked(window) for window in validation]),
        ),
        validation_batch_size=settings.batch,
        callbacks=[
            *kept.watchers(),
            progress("detector", settings.epochs, say),
        ],
        verbose=0,
    )


def loss(truth: Any, told: Any) -> Any:
    """Return the focal loss of the peaks (Law and Deng 2018) plus what the boxes lack of the right IoU."""
    wanted, weight = truth[..., HEAT], truth[..., WEIGHT]
    logits = told[..., HEAT]
    chance = tf.sigmoid(logits)
    peak = tf.cast(wanted > 0.999, tf.float32)
    hit = peak * (1 - chance) ** 2 * tf.nn.softplus(-logits)
    false = (1 - peak) * weight * (1 - wanted) ** 4 * chance**2 * tf.nn.softplus(logits)
    peaks = tf.reduce_sum(hit + false) / tf.maximum(tf.reduce_sum(peak), 1.0)
    sized = truth[..., SIZE_WEIGHT]
    lack = sized * _lack(truth[..., SHAPE], told[..., 2:])
    return peaks + 2.0 * tf.reduce_sum(lack) / tf.maximum(tf.reduce_sum(sized), 1.0)


def _lack(truth: Any, told: Any) -> Any:
    """Return 1 minus the generalised IoU (Rezatofighi 2019) of boxes in strides, plus a little distance."""
    a0, a1 = _corners(truth)
    b0, b1 = _corners(told)
    shared = tf.reduce_prod(tf.maximum(tf.minimum(a1, b1) - tf.maximum(a0, b0), 0.0), axis=-1)
    hull = tf.reduce_prod(tf.maximum(a1, b1) - tf.minimum(a0, b0), axis=-1)
    union = tf.reduce_prod(a1 - a0, axis=-1) + tf.reduce_prod(b1 - b0, axis=-1) - shared
    generalised = shared / union - (hull - union) / hull
    return 1.0 - generalised + 0.1 * tf.reduce_sum(tf.abs(truth - told), axis=-1)


def _corners(shape: Any) -> tuple[Any, Any]:
    half = 0.5 * UNIT / STRIDE * tf.exp(tf.clip_by_value(shape[..., 2:], -5.0, 4.0))
    return shape[..., :2] - half, shape[..., :2] + half


def _stream(training: Sequence[Field], settings: DetectorSettings) -> Any:
    """Return an endless ``tf.data`` stream of augmented batches, prepared while the network works."""
    size, side = settings.size, settings.size // STRIDE
    signature = (
        tf.TensorSpec((settings.batch, size, size, 3), tf.uint8),
        tf.TensorSpec((settings.batch, side, side, CHANNELS), tf.float32),
    )

    def make() -> Any:
        return batches(training, size, settings.batch, settings.seed)

    def change(pixels: Image, wanted: Numbers) -> tuple[Any, Numbers]:
        return recolour(pixels, size), wanted

    return tf.data.Dataset.from_generator(make, output_signature=signature).map(change).prefetch(4)
