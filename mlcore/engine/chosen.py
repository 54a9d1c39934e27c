"""Frozen data sets made ready for one training: joined, without what touches a test or validation."""

from __future__ import annotations

import json
from collections import defaultdict
from collections.abc import Hashable, Sequence
from dataclasses import asdict, dataclass, field
from pathlib import Path

import numpy as np
from scipy.sparse import coo_array
from scipy.sparse.csgraph import connected_components

from mlcore.engine.dataset import Split, cached_fingerprints, near_duplicates, refuse_leak, turned_sets
from mlcore.engine.errors import DataError
from mlcore.engine.frozen import TEST, TRAINING, VALIDATION, FrozenPicture, FrozenSet, read_frozen
from mlcore.engine.manifest import Record
from mlcore.engine.prepared import Prepared, say


@dataclass(slots=True)
class _Cell:
    """One cell, the ``first`` of the chosen sets that has it, and what class, part and group any gives it."""

    picture: FrozenPicture
    first: int
    labels: set[str] = field(default_factory=set)
    splits: set[str] = field(default_factory=set)
    groups: set[Hashable] = field(default_factory=set)


def prepare_frozen(manifests: Sequence[Path], pictures: Path, work: Path, cache: Path) -> Prepared:
    """Read the frozen sets of ``manifests``, whose pictures lie below ``pictures``, and join them.

    Where several sets are taken, their pictures are also compared with each other, since one set's test
    may hold a copy of what another one trains on. Raises ``DataError`` if a set cannot be read or lacks
    what a training needs.
    """
    say(json.dumps({"stage": "data"}))
    sets = [read_frozen(path) for path in manifests]
    cells = _cells(sets)
    _refuse_missing(cells, pictures)
    records = [_record(cell.picture) for cell in cells]
    keys = [{*cell.groups, cell.picture.sha256} for cell in cells]
    if len({one.header.name for one in sets}) > 1:
        say(f"{len(records)} pictures of several data sets; looking for copies of one original.")
        prints = cached_fingerprints(pictures, records, cache)
        # Neither a laboratory's name nor a mark that somebody forgot decides: the pictures do.
        turned = turned_sets(prints, [cell.first for cell in cells])
        alike = near_duplicates(records, prints, turned)
        keys = [{*own, ("alike", number)} for own, number in zip(keys, alike, strict=True)]
    groups = joined(keys)
    parts = shared_out([cell.splits for cell in cells], groups)
    refuse_leak(records, groups, parts)
    if not parts.validation:
        raise DataError("None of the chosen data sets has a validation part that touches no test.")
    say(
        f"{len(parts.training)} pictures for training, {len(parts.validation)} for validation, "
        f"{len(parts.held_out)} held out, {len(parts.dropped)} dropped because they show a cell "
        "that a chosen data set tests or validates by."
    )
    told = [
        {"sha256": path.parent.name, **asdict(one.header)} for path, one in zip(manifests, sets, strict=True)
    ]
    return Prepared(pictures, work, records, groups, parts, tuple(told))


def joined(keys: Sequence[set[Hashable]]) -> list[int]:
    """Return a group number for each row; rows that share a key, or are linked by such rows, share it."""
    first: dict[Hashable, int] = {}
    links = [(row, first.setdefault(key, row)) for row, own in enumerate(keys) for key in own]
    left, right = np.asarray(links, dtype=np.intp).reshape(-1, 2).T
    graph = coo_array((np.ones(len(links), dtype=np.int8), (left, right)), shape=(len(keys), len(keys)))
    numbers: list[int] = connected_components(graph, directed=False)[1].tolist()
    return numbers


def shared_out(splits: Sequence[set[str]], groups: Sequence[int]) -> Split:
    """Return which rows train, validate and test; a group that is judged by anywhere trains nowhere."""
    rows: defaultdict[str, list[int]] = defaultdict(list)
    for row, own in enumerate(splits):
        rows[next(part for part in (TEST, VALIDATION, TRAINING) if part in own)].append(row)
    tested = {groups[row] for row in rows[TEST]}
    judged = tested | {groups[row] for row in rows[VALIDATION]}
    training = [row for row in rows[TRAINING] if groups[row] not in judged]
    validation = [row for row in rows[VALIDATION] if groups[row] not in tested]
    used = {*training, *validation, *rows[TEST]}
    dropped = [row for row in range(len(splits)) if row not in used]
    return Split(tuple(training), tuple(validation), tuple(rows[TEST]), tuple(dropped))


def _cells(sets: Sequence[FrozenSet]) -> list[_Cell]:
    """Return each cell of the sets once; those that two sets call by different classes are left out."""
    found: dict[str, _Cell] = {}
    for number, one in enumerate(sets):
        for picture in one.pictures:
            cell = found.setdefault(picture.key, _Cell(picture, number))
            cell.labels.add(picture.label)
            cell.splits.add(picture.split)
            cell.groups.add((number, picture.group))
    cells = [cell for _key, cell in sorted(found.items()) if len(cell.labels) == 1]
    if len(cells) < len(found):
        say(f"{len(found) - len(cells)} cells with different classes in the chosen data sets are left out.")
    return cells


def _refuse_missing(cells: Sequence[_Cell], pictures: Path) -> None:
    missing = [cell.picture.file for cell in cells if not (pictures / cell.picture.file).is_file()]
    if missing:
        raise DataError(
            f"{len(missing)} pictures of the data set are missing on this server, the first of them "
            f"{missing[0]}. Restore them from a backup or import the data set again."
        )


def _record(picture: FrozenPicture) -> Record:
    boxes = (picture.box,) if picture.box else ()
    shown = (picture.pixels, picture.look)
    return Record(picture.file, picture.sha256, picture.label, picture.laboratory, boxes, *shown)
