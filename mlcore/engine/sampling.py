"""Which pictures a training step sees: every class, source and original gets its share."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from mlcore.engine.contracts import Image
from mlcore.engine.manifest import Record


@dataclass(frozen=True, slots=True)
class Examples:
    """Crops with the class number, weight (training: chance of being drawn), original and name of each.

    ``groups`` has equal numbers for copies of one original.
    """

    pixels: Image
    targets: NDArray[np.int32]
    share: NDArray[np.float64]
    groups: NDArray[np.int_]
    names: tuple[str, ...]

    def at(self, rows: NDArray[np.intp]) -> Examples:
        """Return the examples at ``rows``, with their weights as they are."""
        return Examples(
            self.pixels[rows],
            self.targets[rows],
            self.share[rows],
            self.groups[rows],
            tuple(self.names[row] for row in rows),
        )


def shares(records: Sequence[Record], groups: Sequence[int]) -> NDArray[np.float64]:
    """Return the probability of drawing each record; all records must have a class.

    Classes are drawn evenly, then the laboratories that have that class, then the originals, then the
    copies of an original: thirty copies of one monocyte count as one monocyte.
    """
    laboratories = [laboratory(record.source) for record in records]
    classes = Counter(record.label for record in records)
    labs_of: Counter[str | None] = Counter()
    for label, _lab in {(r.label, lab) for r, lab in zip(records, laboratories, strict=True)}:
        labs_of[label] += 1
    keys = [(r.label, lab, g) for r, lab, g in zip(records, laboratories, groups, strict=True)]
    copies = Counter(keys)
    originals = Counter((label, lab) for label, lab, _group in copies)
    weight = [
        1 / len(classes) / labs_of[label] / originals[label, lab] / copies[label, lab, group]
        for label, lab, group in keys
    ]
    probabilities = np.asarray(weight, dtype=np.float64)
    result: NDArray[np.float64] = probabilities / probabilities.sum()
    return result


def shares_as_found(groups: NDArray[np.int_]) -> NDArray[np.float64]:
    """Return the probability of drawing each example where every original counts alike."""
    _numbers, place, copies = np.unique(groups, return_inverse=True, return_counts=True)
    weight = 1 / copies[place]
    result: NDArray[np.float64] = weight / weight.sum()
    return result


def laboratory(source: str) -> str:
    """Return the laboratory behind a source: the Kaggle copies are made from the BCCD fields.

    TXL-PBC has fields of several, but named cells of one alone.
    """
    if source.startswith(("kaggle", "bccd")):
        return "bccd"
    return "txl" if source.startswith("txl") else source


def batches(
    pixels: Image, targets: NDArray[np.int32], share: NDArray[np.float64], size: int, seed: int
) -> Iterator[tuple[Image, NDArray[np.int32]]]:
    """Yield endless batches drawn with replacement according to ``share``."""
    random = np.random.default_rng(seed)
    while True:
        chosen = random.choice(len(targets), size=size, p=share)
        yield pixels[chosen], targets[chosen]
