"""Transfer learning: the head on a frozen base, then the deeper layers while validation improves."""

from __future__ import annotations

import json
import time
from collections.abc import Callable, Iterator
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

import keras
import numpy as np
import tensorflow as tf
from numpy.typing import NDArray

from mlcore.engine import network as networks
from mlcore.engine.augment import augment
from mlcore.engine.contracts import Image
from mlcore.engine.preprocess import to_tensor
from mlcore.engine.sampling import Examples, batches


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
class _Stage:
    """One part of the training: its name, how many epochs, the highest learning rate, what watches it."""

    name: str
    epochs: int
    rate: float
    watchers: tuple[Any, ...] = ()


class Trainer:
    """Trains one network on given examples; keeps its state in a folder, so a stopped training goes on.

    ``training.pixels`` are roomy crops, ``validation.pixels`` are exactly what serving would see.
    """

    def __init__(
        self, training: Examples, validation: Examples, settings: TrainSettings, *, say: Callable[[str], None]
    ) -> None:
        self._training = training
        self._validation = validation
        self._settings = settings
        self._say = say

    def train(self, classes: int, start: str, workdir: Path) -> keras.Model:
        """Return the network with the weights that did best on validation; see ``network.load_start``."""
        settings = self._settings
        keras.utils.set_random_seed(settings.seed)
        network = networks.build(settings.size, classes)
        head, best = workdir / "head.weights.h5", workdir / "best.weights.h5"
        workdir.mkdir(parents=True, exist_ok=True)
        if head.exists():
            self._say("The head is already trained; going on from there.")
            network.load_weights(head)
        else:
            networks.load_start(network, start)
            networks.tune(network, deep=False)
            self._fit(network, _Stage("head", settings.head_epochs, settings.head_rate))
            network.save_weights(head)
        networks.tune(network, deep=True)
        watchers = (
            keras.callbacks.EarlyStopping("val_loss", patience=settings.patience),
            keras.callbacks.ModelCheckpoint(best, "val_loss", save_best_only=True, save_weights_only=True),
            keras.callbacks.BackupAndRestore(workdir / "resume", delete_checkpoint=False),
        )
        self._fit(network, _Stage("network", settings.epochs, settings.rate, watchers))
        network.load_weights(best)
        (workdir / "settings.json").write_text(json.dumps(asdict(settings)))
        return network

    def _fit(self, network: keras.Model, stage: _Stage) -> None:
        settings, judged = self._settings, self._validation
        schedule = keras.optimizers.schedules.CosineDecay(
            0.0,
            stage.epochs * settings.steps,
            alpha=0.02,
            warmup_target=stage.rate,
            warmup_steps=settings.steps // 2,
        )
        network.compile(
            optimizer=keras.optimizers.AdamW(schedule, weight_decay=1e-4, clipnorm=1.0),
            loss=_loss(settings.smoothing, network.output_shape[-1]),
            weighted_metrics=[keras.metrics.SparseCategoricalAccuracy(name="accuracy")],
        )
        weight = (judged.share * len(judged.share)).astype(np.float32)
        network.fit(
            _stream(self._training, settings),
            steps_per_epoch=settings.steps,
            epochs=stage.epochs,
            validation_data=(to_tensor(judged.pixels), judged.targets, weight),
            validation_batch_size=32,
            callbacks=[*stage.watchers, _progress(stage, self._say)],
            verbose=0,
        )


def _loss(smoothing: float, classes: int) -> Callable[[Any, Any], Any]:
    """Cross-entropy of logits against class numbers, with a little of the target given to every class."""

    def smoothed(truth: Any, logits: Any) -> Any:
        wanted = keras.ops.one_hot(keras.ops.cast(keras.ops.reshape(truth, (-1,)), "int32"), classes)
        return keras.losses.categorical_crossentropy(
            wanted, logits, from_logits=True, label_smoothing=smoothing
        )

    return smoothed


def _stream(training: Examples, settings: TrainSettings) -> Any:
    """Return an endless ``tf.data`` stream of augmented batches, prepared while the network works."""
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


def _progress(stage: _Stage, say: Callable[[str], None]) -> Any:
    """Return a callback that says after each epoch, as one JSON object, how it went and how long is left."""

    class Progress(keras.callbacks.Callback):
        def on_epoch_begin(self, epoch: int, logs: Any = None) -> None:  # noqa: ARG002 -- Keras passes them
            self.began = time.monotonic()

        def on_epoch_end(self, epoch: int, logs: Any = None) -> None:
            left = (time.monotonic() - self.began) * (stage.epochs - epoch - 1)
            figures = {name: round(float(value), 4) for name, value in (logs or {}).items()}
            told = {"stage": stage.name, "epoch": epoch + 1, "of": stage.epochs, "seconds_left": round(left)}
            say(json.dumps(told | figures))

    return Progress()
