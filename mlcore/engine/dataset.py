"""Splits without leaks: copies of one original stay on one side, and a split that breaks this is refused."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable, Hashable, Sequence
from concurrent.futures import ProcessPoolExecutor
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from numpy.typing import NDArray
from scipy.cluster.hierarchy import fcluster, linkage

from mlcore.engine.errors import LeakError
from mlcore.engine.fingerprint import RINGS, WIDTH, distances, fingerprint
from mlcore.engine.images import read_image
from mlcore.engine.manifest import Record
from mlcore.engine.overlaps import overlapping
from mlcore.engine.sampling import laboratory
from mlcore.engine.siblings import siblings

# Squared distances of fingerprints (0..4), measured on the public sets: turned and sheared copies of one
# original average below 0.8, and 99.7 % of the pictures that this joins carry the same class.
SAME_ORIGINAL = 0.8
NEAREST_ORIGINAL = 1.0

# The public sets of turned copies. With any other set its pictures decide: where nothing was turned, 10 %
# (BCCD), 24 % (PBC) and 32 % (TXL-PBC) of them are taken for copies, and 97 % of Kaggle's TRAIN and TEST.
TURNED = ("kaggle-train", "kaggle-test", "kaggle-simple")
ASKED, MOSTLY = 4000, 0.6

# These hold single cells cut out of their fields: two that overlap show neighbours, not one cell twice.
CUT_OUT = ("pbc",)

# Nothing that shows a cell from one of these may be trained on.
TESTS = ("kaggle-test", "kaggle-simple", "txl-val", "txl-val-cells")
# These laboratories have a test set; of the others a fifth is held out.
TESTED_APART = ("bccd", "txl")

STORE = "fingerprints.npz"

# So many pairs of a leak are named, the others counted.
SHOWN = 10


@dataclass(frozen=True, slots=True)
class Split:
    """Row numbers of the records for each purpose; ``dropped`` are training pictures that touch a test."""

    training: tuple[int, ...]
    validation: tuple[int, ...]
    held_out: tuple[int, ...]
    dropped: tuple[int, ...]


def turned_sets(prints: NDArray[np.float32], sets: Sequence[Hashable]) -> NDArray[np.bool_]:
    """Return which pictures are in a set of turned copies: one where most have a copy in the same set.

    ``prints`` has a fingerprint for each picture, ``sets`` names the set of each. Of a large set so many
    pictures are looked at as take a few seconds.
    """
    rows: defaultdict[Hashable, list[int]] = defaultdict(list)
    for row, one in enumerate(sets):
        rows[one].append(row)
    turned = np.zeros(len(sets), dtype=np.bool_)
    for own in rows.values():
        asked = np.random.default_rng(0).permutation(own)[:ASKED]
        found = clusters(asked, prints[asked], prints[asked])
        turned[own] = sum(len(copies) for copies in found if len(copies) > 1) > MOSTLY * len(asked)
    return turned


def near_duplicates(
    records: Sequence[Record], prints: NDArray[np.float32], turned: NDArray[np.bool_] | None = None
) -> list[int]:
    """Return a group number for each record: equal numbers show the same original.

    Those in sets of ``turned`` copies (without it, in the public ones) are clustered by average linkage; each
    cluster then joins the plain picture it is nearest to. Plain pictures are joined only when they are the
    same field or overlap. All folders are taken together. ``prints`` has one fingerprint for each record.
    """
    if turned is None:
        turned = np.asarray([record.source in TURNED for record in records], dtype=np.bool_)
    groups = _Groups(len(records))
    plain_rows, turned_rows = np.flatnonzero(~turned), np.flatnonzero(turned)
    _join_same(groups, plain_rows, records, prints)
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


def _join_same(
    groups: _Groups, rows: NDArray[np.intp], records: Sequence[Record], prints: NDArray[np.float32]
) -> None:
    """Join the plain pictures ``rows`` that are the same field, and fields that overlap."""
    if not rows.size:
        return
    views = np.asarray([row for row in rows if records[row].source not in CUT_OUT], dtype=np.intp)
    for chosen, find in ((rows, siblings), (views, overlapping)):
        for a, b in find(prints[chosen, RINGS:]) if chosen.size else ():
            groups.join([int(chosen[a]), int(chosen[b])])


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

    Two laboratories have a test set of their own instead. The order of groups comes from the pictures'
    hashes, so the sharing is the same on every machine.
    """
    part = _part_of_groups(records, groups)
    parts: dict[str, list[int]] = {"training": [], "validation": [], "held_out": [], "dropped": []}
    for row, (record, group) in enumerate(zip(records, groups, strict=True)):
        if record.label is not None and record.source not in TESTS:
            parts[part[group]].append(row)
    result = Split(**{name: tuple(rows) for name, rows in parts.items()})
    refuse_leak(records, groups, result)
    return result


def tested_groups(records: Sequence[Record], groups: Sequence[int]) -> set[int]:
    """Return the groups that touch a test: no picture of theirs may be trained on, whatever it is for."""
    return {group for record, group in zip(records, groups, strict=True) if record.source in TESTS}


def _part_of_groups(records: Sequence[Record], groups: Sequence[int]) -> dict[int, str]:
    """Return the part of each group to learn from, by hash order within its class and laboratory."""
    key: dict[int, str] = {}
    kind: dict[int, tuple[str, str]] = {}
    for record, group in zip(records, groups, strict=True):
        if record.label is not None and record.source not in TESTS:
            key[group] = min(key.get(group, record.sha256), record.sha256)
            # A group of several classes or laboratories goes with the first of them, all of it.
            own = (record.label, laboratory(record.source))
            kind[group] = min(kind.get(group, own), own)
    peers: defaultdict[tuple[str, str], list[int]] = defaultdict(list)
    for group in sorted(key, key=lambda number: key[number]):
        peers[kind[group]].append(group)
    tested = tested_groups(records, groups)
    return {
        group: _part(index / len(row), 0.0 if lab in TESTED_APART else 0.2, tested=group in tested)
        for (_label, lab), row in peers.items()
        for index, group in enumerate(row)
    }


def _part(place: float, held: float, *, tested: bool) -> str:
    """Return where the group at ``place``, 0..1, goes; the first ``held`` are held out."""
    if place < held:
        return "held_out"
    if tested:
        return "dropped"
    return "validation" if place < held + 0.1 else "training"


def refuse_leak(records: Sequence[Record], groups: Sequence[int], parts: Split) -> None:
    """Raise ``LeakError``, naming pairs and their group, if what is learned from is also judged by.

    Training may share no group with validation, with the held-out part or with a test; validation, by
    which a model is chosen, none with the held-out part or a test.
    """
    held = {groups[row]: row for row in parts.held_out}
    held |= {groups[row]: row for row, record in enumerate(records) if record.source in TESTS}
    validated = {groups[row]: row for row in parts.validation}
    judged = validated | held
    pairs = [(row, judged[groups[row]]) for row in parts.training if groups[row] in judged]
    pairs += [(row, held[group]) for group, row in validated.items() if group in held]
    if pairs:
        shown = "; ".join(
            f"{records[a].path} and {records[b].path} (group {groups[a]})" for a, b in pairs[:SHOWN]
        )
        rest = f"; and {len(pairs) - SHOWN} more" if len(pairs) > SHOWN else ""
        raise LeakError(f"{len(pairs)} pictures show the same cell as one they are judged by: {shown}{rest}.")


def known_fingerprints(cache: Path) -> dict[str, NDArray[np.float32]]:
    """Return the fingerprints kept in ``cache`` by the SHA-256 of their picture; none of another make."""
    store = cache / STORE
    if not store.exists():
        return {}
    with np.load(store) as data:
        if data["prints"].shape[1] != WIDTH:
            return {}
        return dict(zip(data["names"].tolist(), data["prints"], strict=True))


def cached_fingerprints(
    base: Path,
    records: Sequence[Record],
    cache: Path,
    told: Callable[[int, int], None] = lambda _done, _of: None,
) -> NDArray[np.float32]:
    """Return a fingerprint for each record, shape (n, 2248), reading only pictures not seen before.

    ``told`` hears how many of those are done, and of how many.
    """
    known = known_fingerprints(cache)
    missing = [record for record in records if record.sha256 not in known]
    if missing:
        with ProcessPoolExecutor(2) as pool:
            made = pool.map(_print_of, [base / record.path for record in missing], chunksize=32)
            for number, (record, row) in enumerate(zip(missing, made, strict=True), start=1):
                known[record.sha256] = row
                told(number, len(missing))
        cache.mkdir(parents=True, exist_ok=True)
        draft = cache / f"draft.{STORE}"
        np.savez(draft, names=np.asarray(list(known)), prints=np.stack(list(known.values())))
        draft.replace(cache / STORE)
    return np.stack([known[record.sha256] for record in records])


def _print_of(path: Path) -> NDArray[np.float32]:
    return fingerprint(read_image(path))
