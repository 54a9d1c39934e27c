"""Transfer learning: first the head on a frozen base, then the deeper layers, until validation stops improving."""

from __future__ import annotations

import json
import time
from collections.abc import Callable, Iterator
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from mlcore.engine import network as networks
from mlcore.engine.augment import augment
from mlcore.engine.contracts import Image
from mlcore.engine.preprocess import to_tensor
from mlcore.engine.sampling import batches

if TYPE_CHECKING:
    import keras


@dataclass(frozen=True, slots=True)
class TrainSettings:
    """How long and how hard to train; an epoch is ``steps`` batches, not a pass over the data."""

    size: int = 160
    batch: int = 32
    steps: int = 200
    head_epochs: int = 1
    epochs: int = 20
    patience: int = 6
    head_rate: float = 2e-3
    rate: float = 3e-4
    smoothing: float = 0.05
    background: float = 236.0
    seed: int = 20


@dataclass(frozen=True, slots=True)
class Examples:
    """Crops with their class numbers and the weight (training: chance of being drawn) of each."""

    pixels: Image
    targets: NDArray[np.int32]
    share: NDArray[np.float64]


def train(
    training: Examples,
    validation: Examples,
    classes: int,
    start: str,
    settings: TrainSettings,
    workdir: Path,
    say: Callable[[str], None] = print,
) -> keras.Model:
    """Train and return the network with the weights that did best on validation.

    ``training.pixels`` are roomy crops, ``validation.pixels`` are exactly what serving would see. State
    is kept in ``workdir`` after every epoch: called again with the same folder, training goes on.
    """
    import keras

    keras.utils.set_random_seed(settings.seed)
    network = networks.build(settings.size, classes)
    head, best = workdir / "head.weights.h5", workdir / "best.weights.h5"
    workdir.mkdir(parents=True, exist_ok=True)
    if head.exists():
        say("The head is already trained; going on from there.")
        network.load_weights(head)
    else:
        networks.load_start(network, start)
        networks.tune(network, deep=False)
        _fit(network, training, validation, settings, settings.head_epochs, settings.head_rate, [], say)
        network.save_weights(head)
    networks.tune(network, deep=True)
    keep: list[Any] = [
        keras.callbacks.EarlyStopping(monitor="val_loss", patience=settings.patience),
        keras.callbacks.ModelCheckpoint(best, monitor="val_loss", save_best_only=True, save_weights_only=True),
        keras.callbacks.BackupAndRestore(workdir / "resume", delete_checkpoint=False),
    ]
    _fit(network, training, validation, settings, settings.epochs, settings.rate, keep, say)
    network.load_weights(best)
    (workdir / "settings.json").write_text(json.dumps(asdict(settings)))
    return network


def _fit(
    network: keras.Model,
    training: Examples,
    validation: Examples,
    settings: TrainSettings,
    epochs: int,
    rate: float,
    callbacks: list[Any],
    say: Callable[[str], None],
) -> None:
    import keras

    schedule = keras.optimizers.schedules.CosineDecay(
        0.0, epochs * settings.steps, alpha=0.02, warmup_target=rate, warmup_steps=settings.steps // 2
    )
    network.compile(
        optimizer=keras.optimizers.AdamW(schedule, weight_decay=1e-4, clipnorm=1.0),
        loss=_loss(settings.smoothing, network.output_shape[-1]),
        weighted_metrics=[keras.metrics.SparseCategoricalAccuracy(name="accuracy")],
    )
    weight = validation.share * len(validation.share)
    network.fit(
        _stream(training, settings),
        steps_per_epoch=settings.steps,
        epochs=epochs,
        validation_data=(to_tensor(validation.pixels), validation.targets, weight.astype(np.float32)),
        validation_batch_size=32,
        callbacks=[*callbacks, _progress(epochs, say)],
        verbose=0,
    )


def _loss(smoothing: float, classes: int) -> Callable[[Any, Any], Any]:
    """Cross-entropy of logits against class numbers, with a little of the target given to every class."""

    def smoothed(truth: Any, logits: Any) -> Any:
        import keras

        wanted = keras.ops.one_hot(keras.ops.cast(keras.ops.reshape(truth, (-1,)), "int32"), classes)
        return keras.losses.categorical_crossentropy(
            wanted, logits, from_logits=True, label_smoothing=smoothing
        )

    return smoothed


def _stream(training: Examples, settings: TrainSettings) -> Any:
    """Return an endless ``tf.data`` stream of augmented batches, prepared while the network works."""
    import tensorflow as tf

    side = training.pixels.shape[1]

    def draw() -> Iterator[tuple[Image, NDArray[np.int32]]]:
        return batches(training.pixels, training.targets, training.share, settings.batch, settings.seed)

    signature = (
        tf.TensorSpec((settings.batch, side, side, 3), tf.uint8),
        tf.TensorSpec((settings.batch,), tf.int32),
    )

    def change(pixels: Any, targets: Any) -> Any:
        return augment(pixels, settings.size, settings.background), targets

    return tf.data.Dataset.from_generator(draw, output_signature=signature).map(change).prefetch(4)


def _progress(epochs: int, say: Callable[[str], None]) -> Any:
    """Return a callback that says after each epoch how it went and how long the rest may take."""
    import keras

    class Progress(keras.callbacks.Callback):  # type: ignore[misc]
        def on_epoch_begin(self, epoch: int, logs: Any = None) -> None:
            self.began = time.monotonic()

        def on_epoch_end(self, epoch: int, logs: Any = None) -> None:
            left = (time.monotonic() - self.began) * (epochs - epoch - 1) / 60
            figures = ", ".join(f"{name} {float(value):.4f}" for name, value in sorted((logs or {}).items()))
            say(f"Epoch {epoch + 1} of {epochs}: {figures}; about {left:.0f} min left.")

    return Progress()
