"""Which cells of overlapping pictures are one cell that was photographed twice.

What looks alike is looked at more closely: the few most alike by the network's features, then their
surroundings. Where two pictures are found to overlap, all their cells are looked at.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from typing import Final

import numpy as np

from mlcore.engine.contracts import Box
from mlcore.engine.surroundings import Floats, Grey, Surroundings, agreements, surroundings

# Measured by bench/twins.py, which says on what.
SAME_CELL: Final = 0.8
# How many cells are looked at closely for each one, and how many pictures at most are opened for all.
NEAREST: Final = 24
MOST_PICTURES: Final = 24
# An edge may cut off half of a cell.
LARGEST_RATIO: Final = 2.0

Pair = tuple[int, int]


@dataclass(frozen=True, slots=True)
class Seen:
    """A cell, the name of the picture that it lies in, and its features (see ``CellPrediction``)."""

    picture: str
    box: Box
    features: Floats

    @property
    def side(self) -> int:
        """The longer side of the box in pixels."""
        return max(self.box.width, self.box.height)


@dataclass(frozen=True, slots=True)
class Twin:
    """A cell and another that is probably the same, by their places in the lists that were compared.

    ``score`` is how well their surroundings agree, ``SAME_CELL`` to 1; it is no probability.
    """

    cell: int
    other: int
    score: float


def find_twins(cells: Sequence[Seen], others: Sequence[Seen], load: Callable[[str], Grey]) -> list[Twin]:
    """Return those of ``cells`` that probably are one of ``others`` too, each at most once, best first.

    All were read by one model, in pictures of one magnification; ``load`` returns a picture by its name.
    """
    if not cells or not others:
        return []
    look = _Closer(cells, others, load)
    pairs = likely(cells, others)
    scores = look.scores(pairs)
    overlapping = {others[b].picture for (_a, b), score in scores.items() if score >= SAME_CELL}
    rest = {
        (a, b) for a in range(len(cells)) for b, other in enumerate(others) if other.picture in overlapping
    }
    scores |= look.scores(rest - pairs)
    return _best(scores)


def likely(cells: Sequence[Seen], others: Sequence[Seen]) -> set[Pair]:
    """Return the pairs that are worth looking at: alike in features and size, in few enough pictures."""
    first, second = (np.stack([one.features for one in group]) for group in (cells, others))
    far = ((first[:, None] - second[None]) ** 2).sum(axis=2)
    sides = [np.asarray([one.side for one in group], dtype=np.float32) for group in (cells, others)]
    ratio = sides[0][:, None] / sides[1][None]
    far[np.maximum(ratio, 1 / ratio) > LARGEST_RATIO] = np.inf
    order = np.argsort(far, axis=1, kind="stable")[:, :NEAREST]
    ranked = [(float(far[a, b]), a, int(b)) for a, row in enumerate(order) for b in row]
    ranked = sorted(one for one in ranked if np.isfinite(one[0]))
    opened = list(dict.fromkeys(others[b].picture for _far, _a, b in ranked))[:MOST_PICTURES]
    return {(a, b) for _far, a, b in ranked if others[b].picture in opened}


class _Closer:
    """Compares surroundings, each of them cut once."""

    def __init__(self, cells: Sequence[Seen], others: Sequence[Seen], load: Callable[[str], Grey]) -> None:
        self._groups, self._load = (cells, others), load
        self._side = float(np.median([one.side for group in self._groups for one in group]))
        self._cut: dict[Pair, Surroundings] = {}

    def scores(self, pairs: Iterable[Pair]) -> dict[Pair, float]:
        """Return how well the surroundings of each pair agree."""
        wanted: dict[int, list[int]] = {}
        for a, b in sorted(pairs):
            wanted.setdefault(a, []).append(b)
        found: dict[Pair, float] = {}
        for a, row in wanted.items():
            alike = agreements(self._around(0, a), [self._around(1, b) for b in row])
            found |= {(a, b): float(score) for b, score in zip(row, alike, strict=True)}
        return found

    def _around(self, group: int, place: int) -> Surroundings:
        if (group, place) not in self._cut:
            one = self._groups[group][place]
            self._cut[group, place] = surroundings(self._load(one.picture), one.box, self._side)
        return self._cut[group, place]


def _best(scores: dict[Pair, float]) -> list[Twin]:
    """Return the pairs that agree well enough, best first, no cell of either side twice."""
    twins: list[Twin] = []
    taken: tuple[set[int], set[int]] = (set(), set())
    for (a, b), score in sorted(scores.items(), key=lambda one: -one[1]):
        if score >= SAME_CELL and a not in taken[0] and b not in taken[1]:
            twins.append(Twin(a, b, score))
            taken[0].add(a)
            taken[1].add(b)
    return twins
