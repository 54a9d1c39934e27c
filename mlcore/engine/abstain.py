"""When the model must not answer, and why: the one place where an answer becomes "Unidentified"."""

from __future__ import annotations

import io
import math
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from mlcore.engine.bundle import NOVELTY, Bundle
from mlcore.engine.novelty import Novelty
from mlcore.engine.quality import UNUSABLE

Floats = NDArray[np.float32]


@dataclass(frozen=True, slots=True)
class Judge:
    """The limits of one bundle: the least confidence of each class, and how unlike training a cell may be.

    ``novelty`` is None in a bundle that classifies whole pictures.
    """

    labels: tuple[str, ...]
    least: tuple[float, ...]
    novelty: Novelty | None
    farthest: float

    def features(self, embedding: Floats) -> tuple[float, ...]:
        """Return what a cell is compared with others by; empty where the bundle cannot tell what is alike."""
        if self.novelty is None:
            return ()
        return tuple(self.novelty.coordinates(embedding[None])[0].tolist())

    def objection(self, probabilities: Floats, embedding: Floats, flags: tuple[str, ...]) -> str:
        """Return why the most probable class is no answer, in words for people; empty where it is one."""
        unusable = next((UNUSABLE[flag] for flag in flags if flag in UNUSABLE), "")
        if unusable:
            return unusable
        if self.novelty is not None and self.novelty.distances(embedding[None])[0] > self.farthest:
            return "it is unlike every cell that the model was trained on"
        best = int(probabilities.argmax())
        if self.least[best] > 1:
            return f"the model was never proven on the class {self.labels[best].replace('_', ' ')}"
        if probabilities[best] < self.least[best]:
            sure, least = _apart(float(probabilities[best]), self.least[best])
            return f"the model is only {sure} sure, below its limit of {least}"
        return ""


def _apart(sure: float, least: float) -> tuple[str, str]:
    """Return two shares in percent, with as many decimals as tell them apart."""
    for decimals in range(4):
        told = f"{sure:.{decimals}%}", f"{least:.{decimals}%}"
        if told[0] != told[1]:
            break
    return told


def judge_from(bundle: Bundle) -> Judge:
    """Return the limits that a bundle brings; raises ``KeyError`` or ``ValueError`` if some are missing."""
    calibration = bundle.manifest["calibration"]
    least = tuple(float(calibration["classes"][label]["threshold"]) for label in bundle.labels)
    novelty, farthest = None, math.inf
    if NOVELTY in bundle.contents:
        farthest = float(calibration["distance"])
        with np.load(io.BytesIO(bundle.contents[NOVELTY]), allow_pickle=False) as arrays:
            novelty = Novelty.from_arrays(dict(arrays))
    return Judge(bundle.labels, least, novelty, farthest)
