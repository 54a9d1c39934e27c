"""Heads on a base that stays as it is: one, or the mean of several that each saw other originals."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import keras
import numpy as np
from numpy.typing import NDArray

from mlcore.engine.head import Floats, Head, head_from
from mlcore.engine.progress import progress
from mlcore.engine.sampling import Examples
from mlcore.engine.watch import BestEpoch, Stopped, stop_asked


@dataclass(frozen=True, slots=True)
class HeadSettings:
    """How a head learns; an epoch is a pass over all vectors.

    With ``members`` above one, so many heads learn, each from originals weighted at random (the Bayesian
    bootstrap, Rubin 1981), and their mean is kept: a linear head again, as fast as one.
    """

    epochs: int = 30
    batch: int = 128
    rate: float = 2e-3
    dropout: float = 0.3
    smoothing: float = 0.05
    patience: int = 5
    members: int = 1
    seed: int = 20


@dataclass(frozen=True, slots=True)
class Vectors:
    """Examples with what the base makes of them, (n, views, channels)."""

    examples: Examples
    vectors: Floats


class HeadTrainer:
    """Trains heads; keeps each finished one in a folder, so a stopped training goes on with the next."""

    def __init__(
        self,
        training: Vectors,
        validation: Vectors,
        settings: HeadSettings,
        *,
        say: Callable[[str], None],
        stop: Path | None = None,
    ) -> None:
        self._training, self._validation, self._settings = training, validation, settings
        self._say, self._stop = say, stop

    def train(self, start: Head, workdir: Path) -> Head:
        """Return the mean of the members, each begun from ``start``; of those that began where it stops."""
        workdir.mkdir(parents=True, exist_ok=True)
        members: list[Head] = []
        for number in range(self._settings.members):
            if members and stop_asked(self._stop):
                break
            kept = workdir / f"head-{number:02d}.npz"
            if not kept.exists():
                draft = kept.with_suffix(".draft")
                draft.write_bytes(self._member(start, number).to_bytes())
                draft.replace(kept)
            members.append(head_from(kept.read_bytes()))
        return Head(
            np.mean([one.kernel for one in members], axis=0), np.mean([one.bias for one in members], axis=0)
        )

    def _member(self, start: Head, number: int) -> Head:
        settings, training, judged = self._settings, self._training, self._validation
        keras.utils.set_random_seed(settings.seed + number)
        network = self._network(start)
        share = self._shares(number)
        views = training.vectors.shape[1]
        network.fit(
            training.vectors.reshape(-1, training.vectors.shape[-1]),
            _one_hot(np.repeat(training.examples.targets, views), start.classes),
            sample_weight=_weights(np.repeat(share, views)),
            batch_size=settings.batch,
            epochs=settings.epochs,
            validation_data=(
                judged.vectors[:, 0],
                _one_hot(judged.examples.targets, start.classes),
                _weights(judged.examples.share),
            ),
            callbacks=self._watchers(number),
            verbose=0,
        )
        return Head(*network.get_layer("classes").get_weights())

    def _network(self, start: Head) -> keras.Model:
        settings, examples = self._settings, len(self._training.examples.targets)
        inputs = keras.Input(start.kernel.shape[:1])
        dropped = keras.layers.Dropout(settings.dropout)(inputs)
        network = keras.Model(inputs, keras.layers.Dense(start.classes, name="classes")(dropped))
        network.get_layer("classes").set_weights([start.kernel, start.bias])
        steps = max(1, settings.epochs * examples * self._training.vectors.shape[1] // settings.batch)
        rate = keras.optimizers.schedules.CosineDecay(settings.rate, steps, alpha=0.02)
        network.compile(
            optimizer=keras.optimizers.AdamW(rate, weight_decay=1e-4),
            loss=keras.losses.CategoricalCrossentropy(from_logits=True, label_smoothing=settings.smoothing),
            weighted_metrics=[keras.metrics.CategoricalAccuracy(name="accuracy")],
        )
        return network

    def _watchers(self, number: int) -> list[Any]:
        settings = self._settings
        stage = "head" if settings.members == 1 else f"head {number + 1} of {settings.members}"
        return [
            Stopped(self._stop),
            # A patience that never ends keeps the best epoch all the same.
            BestEpoch(settings.patience or settings.epochs, stage, self._say),
            progress(stage, settings.epochs, self._say),
        ]

    def _shares(self, number: int) -> NDArray[np.float64]:
        """Return how much each example counts for one member: for a single head, as it is."""
        share = self._training.examples.share
        if self._settings.members == 1:
            return share
        _numbers, place = np.unique(self._training.examples.groups, return_inverse=True)
        random = np.random.default_rng(self._settings.seed + number)
        drawn = share * random.exponential(size=place.max() + 1)[place]
        result: NDArray[np.float64] = drawn / drawn.sum()
        return result


def begun(labels: tuple[str, ...], channels: int, known: dict[str, tuple[Floats, float]], seed: int) -> Head:
    """Return the head to begin with: columns of the classes that are ``known``, small numbers for others."""
    random = np.random.default_rng(seed)
    kernel = random.normal(0.0, 0.01, (channels, len(labels))).astype(np.float32)
    bias = np.zeros(len(labels), np.float32)
    for place, label in enumerate(labels):
        if label in known:
            kernel[:, place], bias[place] = known[label]
    return Head(kernel, bias)


def _one_hot(targets: NDArray[np.int32], classes: int) -> Floats:
    return np.eye(classes, dtype=np.float32)[targets]


def _weights(share: NDArray[np.float64]) -> Floats:
    """Return shares as weights whose mean is one."""
    return (share / share.mean()).astype(np.float32)
