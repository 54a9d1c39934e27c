"""Splits without leaks: copies of one original stay on one side, and a split that breaks this is refused."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Sequence
from concurrent.futures import ProcessPoolExecutor
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from numpy.typing import NDArray
from scipy.cluster.hierarchy import fcluster, linkage

from mlcore.engine.errors import LeakError
from mlcore.engine.fingerprint import distances, fingerprint
from mlcore.engine.images import read_image
from mlcore.engine.manifest import Record
from mlcore.engine.sampling import laboratory

# Squared distances of fingerprints (0..4), measured on the public sets: the same field in another size
# stays below 0.1 and two different ones stay above 0.12; turned and sheared copies of one original
# average below 0.8, and 99.7 % of the pictures that this joins carry the same class.
SAME_PICTURE = 0.1
SAME_ORIGINAL = 0.8
NEAREST_ORIGINAL = 1.0

# Nothing that shows a cell from one of these may be trained on.
TESTS = ("kaggle-test", "kaggle-simple", "txl-val")


@dataclass(frozen=True, slots=True)
class Split:
    """Row numbers of the records for each purpose; ``dropped`` are training pictures that touch a test."""

    training: tuple[int, ...]
    validation: tuple[int, ...]
    held_out: tuple[int, ...]
    dropped: tuple[int, ...]


def near_duplicates(records: Sequence[Record], prints: NDArray[np.float32]) -> list[int]:
    """Return a group number for each record: equal numbers show the same original.

    Turned copies (the Kaggle folders) are clustered by average linkage; each cluster then joins the plain
    picture it is nearest to. Plain pictures are joined only when they are the same field.
    """
    turned = np.asarray([record.source.startswith("kaggle") for record in records])
    groups = _Groups(len(records))
    plain_rows, turned_rows = np.flatnonzero(~turned), np.flatnonzero(turned)
    _join_same(groups, plain_rows, prints)
    _join_hashes(groups, records)
    copies = clusters(turned_rows, prints[turned_rows], prints)
    if plain_rows.size and turned_rows.size:
        gaps = distances(prints[turned_rows], prints[plain_rows], prints)
    place = {int(row): index for index, row in enumerate(turned_rows)}
    for members in copies:
        groups.join(members)
        if plain_rows.size:
            mean = gaps[[place[row] for row in members]].mean(axis=0)
            if mean.min() < NEAREST_ORIGINAL:
                groups.join([members[0], int(plain_rows[mean.argmin()])])
    return groups.numbers()


class _Groups:
    """Disjoint sets of row numbers."""

    def __init__(self, count: int) -> None:
        self._parent = list(range(count))

    def _root(self, row: int) -> int:
        while self._parent[row] != row:
            self._parent[row] = self._parent[self._parent[row]]
            row = self._parent[row]
        return row

    def join(self, rows: Sequence[int]) -> None:
        for row in rows[1:]:
            self._parent[self._root(row)] = self._root(rows[0])

    def numbers(self) -> list[int]:
        return [self._root(row) for row in range(len(self._parent))]


def _join_same(groups: _Groups, rows: NDArray[np.intp], prints: NDArray[np.float32]) -> None:
    if rows.size < 2:
        return
    gaps = np.triu(distances(prints[rows], prints[rows], prints) + 1e-3, 1)
    for a, b in np.argwhere((gaps > 0) & (gaps < SAME_PICTURE)):
        groups.join([int(rows[a]), int(rows[b])])


def _join_hashes(groups: _Groups, records: Sequence[Record]) -> None:
    equal: defaultdict[str, list[int]] = defaultdict(list)
    for row, record in enumerate(records):
        equal[record.sha256].append(row)
    for rows in equal.values():
        groups.join(rows)


def clusters(rows: NDArray[np.intp], prints: NDArray[np.float32], of: NDArray[np.float32]) -> list[list[int]]:
    """Return ``rows`` sorted into the originals they are copies of; ``prints`` has one row for each."""
    if rows.size < 2:
        return [[int(row)] for row in rows]
    gaps = distances(prints, prints, of)
    condensed = gaps[np.triu_indices(len(rows), 1)].astype(np.float64)
    numbers = fcluster(linkage(condensed, "average"), SAME_ORIGINAL, "distance")
    members: defaultdict[int, list[int]] = defaultdict(list)
    for row, number in zip(rows, numbers, strict=True):
        members[int(number)].append(int(row))
    return list(members.values())


def split(records: Sequence[Record], groups: Sequence[int]) -> Split:
    """Share the labelled pictures out by group: a fifth of each laboratory held out, a tenth for validation.

    The BCCD laboratory has its own held-out part, Kaggle TEST. The order of groups comes from the
    pictures' hashes, so the sharing is the same on every machine.
    """
    tested = {group for record, group in zip(records, groups, strict=True) if record.source in TESTS}
    place = _places(records, groups)
    parts: dict[str, list[int]] = {"training": [], "validation": [], "held_out": [], "dropped": []}
    for row, (record, group) in enumerate(zip(records, groups, strict=True)):
        if record.label is None or record.source in TESTS:
            continue
        parts[_part(record, place[group], tested=group in tested)].append(row)
    result = Split(**{name: tuple(rows) for name, rows in parts.items()})
    refuse_leak(records, groups, result)
    return result


def _part(record: Record, place: float, *, tested: bool) -> str:
    held = 0.0 if laboratory(record.source) == "bccd" else 0.2
    if place < held:
        return "held_out"
    if tested:
        return "dropped"
    return "validation" if place < held + 0.1 else "training"


def _places(records: Sequence[Record], groups: Sequence[int]) -> dict[int, float]:
    """Return for each group its place, 0..1, among the groups of its class and laboratory, in hash order."""
    key: dict[int, str] = {}
    kind: dict[int, tuple[str, str]] = {}
    for record, group in zip(records, groups, strict=True):
        if record.label is not None and record.source not in TESTS:
            key[group] = min(key.get(group, record.sha256), record.sha256)
            own = (record.label, laboratory(record.source))
            kind[group] = min(kind.get(group, own), own)
    peers: defaultdict[tuple[str, str], list[int]] = defaultdict(list)
    for group in sorted(key, key=lambda number: key[number]):
        peers[kind[group]].append(group)
    return {group: index / len(row) for row in peers.values() for index, group in enumerate(row)}


def refuse_leak(records: Sequence[Record], groups: Sequence[int], parts: Split) -> None:
    """Raise ``LeakError``, naming the pairs, if a group is trained on and also judged on."""
    judged = {groups[row]: row for row in (*parts.validation, *parts.held_out)}
    judged |= {groups[row]: row for row, record in enumerate(records) if record.source in TESTS}
    pairs = [(row, judged[groups[row]]) for row in parts.training if groups[row] in judged]
    if pairs:
        shown = "; ".join(f"{records[a].path} and {records[b].path}" for a, b in pairs[:10])
        raise LeakError(
            f"{len(pairs)} training pictures show the same cell as a picture to judge by: {shown}."
        )


def cached_fingerprints(base: Path, records: Sequence[Record], cache: Path) -> NDArray[np.float32]:
    """Return a fingerprint for each record, shape (n, 648), reading only pictures not seen before."""
    store = cache / "fingerprints.npz"
    known: dict[str, NDArray[np.float32]] = {}
    if store.exists():
        with np.load(store) as data:
            known = dict(zip(data["names"].tolist(), data["prints"], strict=True))
    missing = [record for record in records if record.sha256 not in known]
    if missing:
        with ProcessPoolExecutor(2) as pool:
            made = pool.map(_print_of, [base / record.path for record in missing], chunksize=32)
            known |= {record.sha256: row for record, row in zip(missing, made, strict=True)}
        cache.mkdir(parents=True, exist_ok=True)
        np.savez(store, names=np.asarray(list(known)), prints=np.stack(list(known.values())))
    return np.stack([known[record.sha256] for record in records])


def _print_of(path: Path) -> NDArray[np.float32]:
    return fingerprint(read_image(path))
