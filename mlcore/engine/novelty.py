"""How unlike every cell of the training a cell is, measured in the network's own features."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Self

import numpy as np
from numpy.typing import NDArray

Floats = NDArray[np.float32]
Wide = NDArray[np.float64]

DIRECTIONS = 32
# How far the covariance is drawn towards a sphere, so that few cells cannot make a direction infinitely thin.
SHRINKAGE = 0.3
# What the principal directions leave out counts like so many of them: strangers are mostly out there.
REST_WEIGHT = 150.0


@dataclass(frozen=True, slots=True)
class Novelty:
    """Distance of an embedding to the nearest class.

    Within the principal ``directions`` (k, d) it is a Mahalanobis distance with one covariance for all
    classes (Lee et al. 2018): ``whitening`` (k, k) makes their spread one, and ``centres`` (classes, k)
    are their means. What the directions leave out is added, in units of ``rest``, its mean square in
    training (after Wang et al. 2022). ``mean`` (d,) is the middle of all; lengths of vectors do not count.
    """

    mean: Floats
    directions: Floats
    whitening: Floats
    centres: Floats
    rest: float

    @classmethod
    def fit(cls, vectors: Floats, labels: NDArray[np.int32]) -> Self:
        """Learn it from embeddings (n, d) of training cells and their class numbers (n,)."""
        unit = _unit(vectors)
        mean = unit.mean(axis=0)
        centred = unit - mean
        most = max(1, min(DIRECTIONS, (len(unit) - 1) // 2))
        directions = np.linalg.svd(centred, full_matrices=False)[2][:most]
        count = len(directions)
        points = centred @ directions.T
        known, place = np.unique(labels, return_inverse=True)
        centres = np.stack([points[place == index].mean(axis=0) for index in range(len(known))])
        inside = points - centres[place]
        covariance = inside.T @ inside / len(inside)
        sphere = (np.trace(covariance) / count + 1e-12) * np.eye(count)
        whitening = np.linalg.cholesky(np.linalg.inv((1 - SHRINKAGE) * covariance + SHRINKAGE * sphere))
        total = float((centred**2).sum(axis=1).mean())
        rest = total - float((points**2).sum(axis=1).mean())
        return cls(
            mean=mean.astype(np.float32),
            directions=directions.astype(np.float32),
            whitening=whitening.astype(np.float32),
            centres=(centres @ whitening).astype(np.float32),
            rest=max(rest, 1e-3 * total, 1e-12),
        )

    def distances(self, vectors: Floats) -> Floats:
        """Return for each embedding (n, d) its distance to the nearest class, (n,); about 13 in training."""
        centred, points = self._placed(vectors)
        left = np.maximum((centred**2).sum(axis=1) - (points**2).sum(axis=1), 0)
        gaps = (points @ self.whitening)[:, None] - self.centres[None]
        nearest = (gaps**2).sum(axis=2).min(axis=1)
        result: Floats = np.sqrt(nearest + REST_WEIGHT * left / self.rest).astype(np.float32)
        return result

    def coordinates(self, vectors: Floats) -> Floats:
        """Return embeddings (n, d) as points (n, k) in the whitened directions; alike cells lie near."""
        result: Floats = (self._placed(vectors)[1] @ self.whitening).astype(np.float32)
        return result

    def _placed(self, vectors: Floats) -> tuple[Wide, Wide]:
        """Return embeddings about the middle of all (n, d), and along the principal directions (n, k)."""
        centred = _unit(vectors) - self.mean
        return centred, centred @ self.directions.T.astype(np.float64)

    def to_arrays(self) -> dict[str, Floats]:
        """Return everything as arrays of numbers, to be stored without pickling."""
        return {
            "mean": self.mean,
            "directions": self.directions,
            "whitening": self.whitening,
            "centres": self.centres,
            "rest": np.asarray(self.rest, dtype=np.float32),
        }

    @classmethod
    def from_arrays(cls, arrays: Mapping[str, Floats]) -> Self:
        """Undo ``to_arrays``; raises ``KeyError`` or ``ValueError`` if an array is missing or odd."""
        mean, directions, whitening, centres = (
            np.asarray(arrays[name], dtype=np.float32)
            for name in ("mean", "directions", "whitening", "centres")
        )
        count = len(directions)
        fits = directions.shape == (count, *mean.shape) and whitening.shape == (count, count)
        if not fits or centres.shape[1:] != (count,):
            raise ValueError("the arrays that say what is novel do not fit together")
        return cls(mean, directions, whitening, centres, float(arrays["rest"]))


def distance_limit(distances: Floats, share: float = 0.99) -> float:
    """Return the distance beyond which a cell is novel; ``share`` of validation's stays within."""
    return float(np.quantile(distances, share))


def _unit(vectors: Floats) -> Wide:
    wide = vectors.astype(np.float64)
    return wide / np.maximum(np.linalg.norm(wide, axis=1, keepdims=True), 1e-12)
