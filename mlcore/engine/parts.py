"""Which pictures of a data set belong together, and on which side of the split each group stands.

What an earlier version tested or validated by stays there: a model that was trained on one version may be
measured on the next. Groups go as wholes, spread over classes and laboratories.
"""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Final

import numpy as np
from numpy.typing import NDArray
from scipy.sparse import coo_matrix
from scipy.sparse.csgraph import connected_components

from mlcore.engine.contracts import Box
from mlcore.engine.dataset import clusters
from mlcore.engine.fingerprint import RINGS, distances
from mlcore.engine.frozen import TEST, TRAINING, VALIDATION, FrozenPicture, cell_key
from mlcore.engine.overlaps import overlapping
from mlcore.engine.siblings import siblings

Floats = NDArray[np.float32]

# The parts of a class's groups that are tested and validated by; the rest is trained on.
TESTED: Final = 0.2
VALIDATED: Final = 0.1
# With fewer groups of a class, one of the parts stays empty.
FEWEST: Final = 4
# So many test pictures are held against those for training; as near as this, in squared distances of
# fingerprints, is probably a turned copy. Of single cells without copies 5 % are, of Kaggle's copies 46 %.
HELD: Final = 300
TURNED: Final = 0.5
# Where joined groups stood on several sides, the strictest holds.
STRICTEST: Final = (TEST, VALIDATION, TRAINING)


@dataclass(frozen=True, slots=True)
class Candidate:
    """A cell that is to be frozen. ``together`` names what it came with (a patient); empty for nothing."""

    sha256: str
    file: str
    label: str
    laboratory: str
    single: bool = True
    box: Box | None = None
    together: str = ""
    pixels: str = ""
    look: str = ""

    @property
    def key(self) -> str:
        """What names the cell, as :attr:`FrozenPicture.key`."""
        return cell_key(self.sha256, self.box)


def frozen_pictures(
    cells: Sequence[Candidate],
    earlier: Sequence[FrozenPicture],
    prints: Mapping[str, Floats],
    *,
    augmented: bool = False,
) -> list[FrozenPicture]:
    """Return ``cells`` with their groups and sides.

    ``earlier`` are the pictures of all earlier versions, ``prints`` the fingerprints of all of them by hash.
    With ``augmented``, turned and sheared copies of one original are looked for too; on sets that have none,
    that joins cells that merely look alike.
    """
    group = _groups(cells, earlier, prints, augmented=augmented)
    side = _sides(cells, earlier, group)
    return [
        FrozenPicture(
            cell.sha256,
            cell.file,
            cell.label,
            cell.laboratory,
            group[cell.sha256],
            side[group[cell.sha256]],
            cell.single,
            cell.box,
            cell.pixels,
            cell.look,
        )
        for cell in cells
    ]


def turned_copies(pictures: Sequence[FrozenPicture], prints: Mapping[str, Floats]) -> tuple[int, int]:
    """Return how many test pictures look like turned copies of training pictures, and of how many.

    A sample is enough to warn by; pictures are named by their hashes, so the first few are one.
    """
    tested, trained = (
        sorted({one.sha256 for one in pictures if one.split == split}) for split in (TEST, TRAINING)
    )
    tested = tested[:HELD]
    if not tested or not trained:
        return 0, len(tested)
    every = np.stack([prints[sha256] for sha256 in sorted(prints)])
    first, second = (np.stack([prints[sha256] for sha256 in names]) for names in (tested, trained))
    near = distances(first, second, every).min(axis=1) < TURNED
    return int(near.sum()), len(tested)


def _groups(
    cells: Sequence[Candidate],
    earlier: Sequence[FrozenPicture],
    prints: Mapping[str, Floats],
    *,
    augmented: bool,
) -> dict[str, str]:
    """Return the name of the group of each picture, by hash, earlier versions' included."""
    pictures: list[Candidate | FrozenPicture] = [*cells, *earlier]
    hashes = sorted({one.sha256 for one in pictures})
    row = {sha256: number for number, sha256 in enumerate(hashes)}
    fields = {one.sha256 for one in pictures if not one.single}
    every = np.stack([prints[sha256] for sha256 in hashes])
    if augmented:
        # Outlines are of no use here: cut edges make copies of different cells alike, and one false pair
        # joins two originals with all their copies. Of Kaggle's ten thousand it made a single group.
        rows = np.arange(len(hashes))
        pairs = [(copies[0], other) for copies in clusters(rows, every, every) for other in copies[1:]]
    else:
        pairs = _alike(every, [one in fields for one in hashes])
    named = [(cell.together, cell.sha256) for cell in cells if cell.together]
    named += [(picture.group, picture.sha256) for picture in earlier]
    first: dict[str, int] = {}
    pairs += [(first.setdefault(name, row[sha256]), row[sha256]) for name, sha256 in named]
    joined = _joined(pairs, len(hashes))
    # A patient's or an earlier version's name stays, so that a later version finds the group by it.
    names = {joined[row[sha256]]: f"g-{sha256[:16]}" for sha256 in reversed(hashes)}
    names |= {joined[row[sha256]]: name for name, sha256 in sorted(named, reverse=True)}
    return {sha256: names[joined[row[sha256]]] for sha256 in hashes}


def _alike(prints: Floats, fields: Sequence[bool]) -> list[tuple[int, int]]:
    """Return the pairs of rows that show the same picture, or fields that overlap."""
    pairs = siblings(prints[:, RINGS:])
    views = np.flatnonzero(fields)
    if views.size:
        pairs += [(int(views[a]), int(views[b])) for a, b in overlapping(prints[views, RINGS:])]
    return pairs


def _joined(pairs: Sequence[tuple[int, int]], count: int) -> list[int]:
    """Return a number for each of ``count`` rows, equal where a chain of pairs connects them."""
    ends = np.asarray(pairs, dtype=np.intp).reshape(-1, 2)
    links = coo_matrix((np.ones(len(ends), dtype=bool), (ends[:, 0], ends[:, 1])), shape=(count, count))
    numbers: list[int] = connected_components(links, directed=False)[1].tolist()
    return numbers


def _sides(
    cells: Sequence[Candidate], earlier: Sequence[FrozenPicture], group: Mapping[str, str]
) -> dict[str, str]:
    """Return the side of each group that ``cells`` are in."""
    stood: defaultdict[str, set[str]] = defaultdict(set)
    for picture in earlier:
        stood[group[picture.sha256]].add(picture.split)
    side = {name: next(one for one in STRICTEST if one in known) for name, known in stood.items()}
    for members in _peers(cells, group).values():
        new = [name for name in members if name not in side]
        taken = Counter(side[name] for name in members if name in side)
        for split, wanted in _wanted(len(members)):
            missing = max(0, wanted - taken[split])
            side |= dict.fromkeys(new[:missing], split)
            new = new[missing:]
        side |= dict.fromkeys(new, TRAINING)
    return side


def _peers(cells: Sequence[Candidate], group: Mapping[str, str]) -> dict[tuple[str, str], list[str]]:
    """Return the groups of each class and laboratory, ordered by their pictures' hashes.

    A group of several classes, such as a patient, goes with the rarest: the common ones are met elsewhere.
    """
    inside: defaultdict[str, set[tuple[str, str]]] = defaultdict(set)
    least: dict[str, str] = {}
    for cell in cells:
        name = group[cell.sha256]
        inside[name].add((cell.label, cell.laboratory))
        least[name] = min(least.get(name, cell.sha256), cell.sha256)
    common = Counter(kind for kinds in inside.values() for kind in kinds)
    peers: defaultdict[tuple[str, str], list[str]] = defaultdict(list)
    for name in sorted(inside, key=lambda name: least[name]):
        peers[min(inside[name], key=lambda kind: (common[kind], kind))].append(name)
    return peers


def _wanted(count: int) -> list[tuple[str, int]]:
    """Return how many of ``count`` groups are tested and validated by; of two or three, one is tested by."""
    if count < 2:
        return []
    if count < FEWEST:
        return [(TEST, 1)]
    return [(TEST, max(1, round(TESTED * count))), (VALIDATION, max(1, round(VALIDATED * count)))]
