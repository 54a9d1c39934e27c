"""Transfer learning: the head on a frozen base, then the deeper layers, and the mean of the last epochs."""

from __future__ import annotations

import json
from collections.abc import Callable, Iterator
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import Any

import keras
import numpy as np
import tensorflow as tf
from numpy.typing import NDArray

from mlcore.engine import network as networks
from mlcore.engine import progress
from mlcore.engine.augment import Strengths, augment
from mlcore.engine.contracts import Image
from mlcore.engine.preprocess import to_tensor
from mlcore.engine.sampling import Examples, batches
from mlcore.engine.watch import Kept, Stopped, stop_asked


@dataclass(frozen=True, slots=True)
class TrainSettings:
    """How long and how hard to train; an epoch is ``steps`` batches, not a pass over the data.

    The weights of the last ``averaged`` epochs are averaged (Izmailov et al. 2018), which generalises
    better than any one of them and needs no choice on validation. The last ``blocks`` of the base learn, see
    ``network.tune``. With ``patience`` the training ends after so many epochs without a better loss on
    validation, and the mean then ends with the best epoch.
    """

    size: int = 160
    batch: int = 32
    steps: int = 200
    head_epochs: int = 1
    epochs: int = 18
    averaged: int = 6
    head_rate: float = 2e-3
    rate: float = 3e-4
    smoothing: float = 0.05
    background: float = 236.0
    seed: int = 20
    strengths: Strengths = field(default_factory=Strengths)
    blocks: int = networks.USUAL_BLOCKS
    patience: int = 0


@dataclass(frozen=True, slots=True)
class _Stage:
    """One part of the training: its name, how many epochs, the highest learning rate, what watches it.

    ``kept`` has the epochs that were learned before.
    """

    name: str
    epochs: int
    rate: float
    watchers: tuple[Any, ...] = ()
    kept: Kept | None = None


class Trainer:
    """Trains one network on given examples; keeps its state in a folder, so a stopped training goes on.

    Where the file ``stop`` appears, the training ends with the epoch under way and the best so far.

    ``training.pixels`` are roomy crops, ``validation.pixels`` are exactly what serving would see.
    """

    def __init__(
        self,
        training: Examples,
        validation: Examples,
        settings: TrainSettings,
        *,
        say: Callable[[str], None],
        stop: Path | None = None,
    ) -> None:
        self._training = training
        self._validation = validation
        self._settings = settings
        self._say = say
        self._stop = stop

    def train(self, classes: int, start: str, workdir: Path) -> keras.Model:
        """Return the network with the mean weights of the last epochs; see ``network.load_start``."""
        settings = self._settings
        keras.utils.set_random_seed(settings.seed)
        network = networks.build(settings.size, classes)
        workdir.mkdir(parents=True, exist_ok=True)
        self._train_head(network, start, workdir)
        if not stop_asked(self._stop):
            self._train_blocks(network, workdir)
        (workdir / "settings.json").write_text(json.dumps(asdict(settings)))
        return network

    def _train_head(self, network: keras.Model, start: str, workdir: Path) -> None:
        head, settings = workdir / "head.weights.h5", self._settings
        if head.exists():
            self._say("The head is already trained; going on from there.")
            network.load_weights(head)
            return
        networks.load_start(network, start)
        networks.tune(network, 0)
        self._fit(network, _Stage("head", settings.head_epochs, settings.head_rate, (Stopped(self._stop),)))
        # A process that is killed while it writes leaves no head that is half one.
        draft = workdir / "draft.weights.h5"
        network.save_weights(draft)
        draft.replace(head)

    def _train_blocks(self, network: keras.Model, workdir: Path) -> None:
        settings = self._settings
        networks.tune(network, settings.blocks)
        kept = Kept(workdir, settings.averaged)
        watchers = (*kept.watchers(settings.patience), Stopped(self._stop))
        self._fit(network, _Stage("network", settings.epochs, settings.rate, watchers, kept))
        last = settings.epochs if kept.done == settings.epochs else kept.best
        files = kept.mean_of(last)
        average(network, files)
        self._say(progress.kept("network", last - len(files) + 1, last))

    def _fit(self, network: keras.Model, stage: _Stage) -> None:
        settings, judged = self._settings, self._validation
        classes = network.output_shape[-1]
        schedule = keras.optimizers.schedules.CosineDecay(
            0.0,
            stage.epochs * settings.steps,
            alpha=0.02,
            warmup_target=stage.rate,
            warmup_steps=settings.steps // 2,
        )
        network.compile(
            optimizer=keras.optimizers.AdamW(schedule, weight_decay=1e-4, clipnorm=1.0),
            loss=keras.losses.CategoricalCrossentropy(from_logits=True, label_smoothing=settings.smoothing),
            weighted_metrics=[keras.metrics.CategoricalAccuracy(name="accuracy")],
        )
        done = stage.kept.resume(network) if stage.kept else 0
        wanted = np.eye(classes, dtype=np.float32)[judged.targets]
        weight = (judged.share * len(judged.share)).astype(np.float32)
        network.fit(
            _stream(self._training, classes, settings),
            steps_per_epoch=settings.steps,
            epochs=stage.epochs,
            initial_epoch=done,
            validation_data=(to_tensor(judged.pixels), wanted, weight),
            validation_batch_size=32,
            callbacks=[*stage.watchers, progress.progress(stage.name, stage.epochs, self._say)],
            verbose=0,
        )


def average(network: keras.Model, files: list[Path]) -> None:
    """Give ``network`` the mean of the weights in ``files``; frozen normalisation needs no new statistics."""
    total: list[NDArray[np.float64]] | None = None
    for file in files:
        network.load_weights(file)
        own = [weights.astype(np.float64) for weights in network.get_weights()]
        total = own if total is None else [a + b for a, b in zip(total, own, strict=True)]
    assert total is not None
    network.set_weights([(weights / len(files)).astype(np.float32) for weights in total])


def _stream(training: Examples, classes: int, settings: TrainSettings) -> Any:
    """Return an endless ``tf.data`` stream of augmented batches, prepared while the network works."""
    side = training.pixels.shape[1]

    def draw() -> Iterator[tuple[Image, NDArray[np.int32]]]:
        return batches(training.pixels, training.targets, training.share, settings.batch, settings.seed)

    signature = (
        tf.TensorSpec((settings.batch, side, side, 3), tf.uint8),
        tf.TensorSpec((settings.batch,), tf.int32),
    )

    def change(pixels: Any, targets: Any) -> Any:
        changed = augment(pixels, settings.size, settings.background, settings.strengths)
        return changed, tf.one_hot(targets, classes)

    return tf.data.Dataset.from_generator(draw, output_signature=signature).map(change).prefetch(4)
