"""Making a frozen version of a data set: take in, group, split, freeze, and look at the labels again.

The order is a JSON file, so that names and hashes by the thousand need no command line; what came of it is
another beside it. Progress goes to standard output, a JSON line at a time.
"""

from __future__ import annotations

import fcntl
import json
import time
from collections import Counter
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import Any, Final

from mlcore.engine.archive import Limits, unpack
from mlcore.engine.contracts import LABELS
from mlcore.engine.dataset import cached_fingerprints
from mlcore.engine.errors import DataError
from mlcore.engine.frozen import (
    MANIFEST,
    PICTURES,
    SPLITS,
    FrozenHeader,
    FrozenPicture,
    read_frozen,
    write_frozen,
)
from mlcore.engine.intake import Intake, arrivals_in, check_groups, take_cells, take_folders
from mlcore.engine.manifest import Record
from mlcore.engine.naming import ordered
from mlcore.engine.parts import Candidate, frozen_pictures, turned_copies
from mlcore.engine.prepared import say
from mlcore.engine.runtime import load_predictor
from mlcore.engine.second_look import doubts

RESULT: Final = "result.json"
TOLD_EVERY_SECONDS: Final = 1.0
# From this share of test pictures on, turned copies across the split are no accident.
NOTABLE: Final = 0.2
UPLOAD_KEPT_SECONDS: Final = 24 * 3600


@dataclass(frozen=True, slots=True)
class ImportOrder:
    """What is to be frozen, and where.

    ``store`` holds versions and pictures. ``origin`` is ``zip`` (``data`` is the file), ``folder`` (a folder
    of class folders) or ``reviewed`` (a file of named cells, ``intake.take_cells``). ``earlier`` are the
    hashes of the data set's earlier versions, ``excluded`` the keys of cells that are left out, ``notes``
    what is known already, ``bundle`` the model that looks at the labels again.
    """

    store: str
    origin: str
    data: str
    header: dict[str, Any]
    laboratory: str = ""
    single: bool = True
    augmented: bool = False
    limits: dict[str, int] = field(default_factory=dict)
    earlier: list[str] = field(default_factory=list)
    excluded: list[str] = field(default_factory=list)
    notes: list[str] = field(default_factory=list)
    bundle: str = ""


def import_version(order_file: Path) -> None:
    """Carry out the order in ``order_file`` and write ``result.json`` beside it.

    Raises ``DataError`` with what is wrong; the store is then as it was before. One import writes at a time.
    """
    order = ImportOrder(**json.loads(order_file.read_text()))
    store = Path(order.store)
    with _alone(store):
        sweep(store)
        try:
            result = _imported(order, store, order_file.parent)
        except BaseException:
            sweep(store)
            raise
    (order_file.parent / RESULT).write_text(json.dumps(result, ensure_ascii=False))


def sweep(store: Path) -> None:
    """Remove what a refused or killed import, or an upload that broke off, has left.

    These are the pictures that no version names, and uploads that are a day old.
    """
    for upload in store.glob(".uploads/*"):
        if upload.stat().st_mtime < time.time() - UPLOAD_KEPT_SECONDS:
            upload.unlink()
    named = {
        picture.file
        for manifest in store.glob(f"[0-9a-f]*/{MANIFEST}")
        for picture in read_frozen(manifest).pictures
    }
    root = store / PICTURES
    for path in root.glob("*/*"):
        if path.relative_to(root).as_posix() not in named:
            path.unlink()


@contextmanager
def _alone(store: Path) -> Iterator[None]:
    """Wait until no other import writes to the store; a lock that ends with its process."""
    store.mkdir(parents=True, exist_ok=True, mode=0o700)
    with (store / ".lock").open("w") as handle:
        fcntl.flock(handle, fcntl.LOCK_EX)
        yield


def _imported(order: ImportOrder, store: Path, work: Path) -> dict[str, Any]:
    """Freeze one version; return its hash, counts, notes and doubts."""
    pictures = store / PICTURES
    taken = _taken(order, pictures, work)
    cells, left_out = _without(taken.cells, order.excluded)
    earlier = [one for sha256 in order.earlier for one in read_frozen(store / sha256 / MANIFEST).pictures]
    prints = _prints(store, cells, earlier)
    say(json.dumps({"stage": "group"}))
    frozen = frozen_pictures(cells, earlier, prints, augmented=order.augmented)
    groups = {one.sha256: one.group for one in frozen}
    notes = [*order.notes, *taken.notes, *check_groups(cells, groups, strict=order.origin != "reviewed")]
    if order.origin != "reviewed" and not order.augmented:
        notes += copies_note(*turned_copies(frozen, prints))
    if left_out:
        notes.append(f"{left_out} cells are left out since somebody excluded them.")
    sha256 = write_frozen(store, FrozenHeader(**order.header), frozen)
    version = read_frozen(store / sha256 / MANIFEST).pictures
    found = []
    if order.bundle:
        reader = load_predictor(Path(order.bundle))
        found = [asdict(one) for one in doubts(reader, pictures, version, _telling("look"))]
    return {"sha256": sha256, "counts": _counts(version), "problems": notes, "doubts": found}


def copies_note(near: int, of: int) -> list[str]:
    """Return the warning of a split that turned copies may run across; a few that are alike give none."""
    if near < NOTABLE * of or not near:
        return []
    text = (
        f"{near} of {of} test pictures look like turned or sheared copies of training pictures, so figures "
        "on this test may flatter. If there are such copies, say so and import them as another data set."
    )
    return [text]


def _taken(order: ImportOrder, pictures: Path, work: Path) -> Intake:
    if order.origin == "reviewed":
        return take_cells(Path(order.data), pictures, _telling("take"))
    if order.origin == "zip":
        say(json.dumps({"stage": "unpack"}))
        (work / "unpacked").mkdir()
        arrivals = unpack(Path(order.data), work / "unpacked", Limits(**order.limits))
    else:
        arrivals = arrivals_in(Path(order.data))
    return take_folders(
        arrivals, pictures, laboratory=order.laboratory, single=order.single, told=_telling("take")
    )


def _without(cells: Sequence[Candidate], excluded: Sequence[str]) -> tuple[list[Candidate], int]:
    """Return the cells that nobody excluded, and how many were; raises ``DataError`` below two classes."""
    gone = set(excluded)
    kept = [cell for cell in cells if cell.key not in gone]
    if len({cell.label for cell in kept}) < 2:
        raise DataError("Without the excluded cells fewer than two classes are left.")
    return kept, len(cells) - len(kept)


def _prints(store: Path, cells: Sequence[Candidate], earlier: Sequence[FrozenPicture]) -> dict[str, Any]:
    """Return the fingerprint of each picture by its hash; those of earlier versions are known already."""
    pictures: list[Candidate | FrozenPicture] = [*cells, *earlier]
    files = {one.sha256: one.file for one in pictures}
    records = [Record(file, sha256, None, "") for sha256, file in files.items()]
    made = cached_fingerprints(store / PICTURES, records, store, _telling("print"))
    return dict(zip(files, made, strict=True))


def _counts(pictures: Sequence[FrozenPicture]) -> dict[str, Any]:
    """Return how many cells, pictures and groups there are, and of each class on each side."""
    sides = Counter((one.label, one.split) for one in pictures)
    labels = ordered(one.label for one in pictures)
    together = Counter({one.sha256: one.group for one in pictures}.values())
    return {
        "cells": len(pictures),
        "pictures": len({one.sha256 for one in pictures}),
        "groups": len(together),
        "near_duplicates": sum(count > 1 for count in together.values()),
        "classes": {label: {split: sides[label, split] for split in SPLITS} for label in labels},
        "own": [label for label in labels if label not in LABELS],
        "laboratories": dict(Counter(one.laboratory for one in pictures)),
    }


def _telling(stage: str) -> Callable[[int, int], None]:
    """Return what tells the stage's progress, at most once a second."""
    last = 0.0

    def told(done: int, of: int) -> None:
        nonlocal last
        if time.monotonic() - last >= TOLD_EVERY_SECONDS:
            last = time.monotonic()
            say(json.dumps({"stage": stage, "done": done, "of": of}))

    return told
