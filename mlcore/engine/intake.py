"""What comes into a data set: class folders or named cells, looked through once and stored by content."""

from __future__ import annotations

import json
from collections import Counter, defaultdict
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any, Final

from mlcore.engine.archive import Arrival
from mlcore.engine.contracts import LABELS, Box
from mlcore.engine.errors import DataError, UnreadableImageError
from mlcore.engine.manifest import folders, pictures
from mlcore.engine.naming import label_of_folder, ordered, printable
from mlcore.engine.parts import FEWEST, Candidate
from mlcore.engine.tidy import Kept, keep

# So many faults are named; the others are counted.
SHOWN: Final = 12

Told = Callable[[int, int], None]


@dataclass(slots=True)
class Intake:
    """The cells that came in, and what a person should know of them that does not stop an import."""

    cells: list[Candidate] = field(default_factory=list)
    notes: list[str] = field(default_factory=list)


def arrivals_in(root: Path) -> list[Arrival]:
    """Return the pictures in the class folders of ``root``; links and hidden files are passed over."""
    return [
        Arrival(path, folder.name, path.name)
        for folder in folders(root)
        if not folder.is_symlink()
        for path in pictures(folder)
        if not path.is_symlink()
    ]


def take_folders(
    arrivals: Sequence[Arrival], store: Path, *, laboratory: str, single: bool, told: Told
) -> Intake:
    """Check and store the pictures of class folders.

    ``told`` hears how many are done, and of how many. Raises ``DataError`` with everything that is wrong:
    folder names that are no classes, too few pictures or classes, what cannot be decoded, and pictures that
    lie in the folders of two classes.
    """
    labels = _labels(arrivals)
    taken, faults = Intake(), []
    first: dict[str, tuple[str, Arrival]] = {}
    again: Counter[str] = Counter()
    for number, one in enumerate(arrivals):
        told(number, len(arrivals))
        try:
            kept = keep(one.path.read_bytes(), store)
        except UnreadableImageError as error:
            faults.append(f"{_shown(one)}: {error}")
            continue
        label, (before, other) = labels[one.folder], first.setdefault(kept.sha256, (labels[one.folder], one))
        if before != label:
            faults.append(f"{_shown(one)} is the same picture as {_shown(other)}, of another class.")
        elif other is one:
            cell = Candidate(kept.sha256, kept.file, label, laboratory, single)
            taken.cells.append(replace(cell, pixels=kept.pixels, look=kept.look))
        else:
            again[label] += 1
    _refuse("cannot be taken", faults)
    for label, count in again.items():
        taken.notes.append(
            f"{label}: {count} more copies of the same file were there; each picture counts once."
        )
    own = [label for label in ordered(labels.values()) if label not in LABELS]
    if own:
        taken.notes.append(f"Classes of your own, as the folders name them: {', '.join(own)}.")
    return taken


def take_cells(listed: Path, store: Path, told: Told) -> Intake:
    """Store the fields of named cells; ``listed`` has a JSON line for each cell.

    A line holds path, label, laboratory, together, single and box. A field that cannot be read costs its
    cells only; raises ``DataError`` where none is left.
    """
    lines = [json.loads(line) for line in listed.read_text().splitlines()]
    taken = Intake()
    stored: dict[str, Kept | None] = {}
    found: dict[tuple[str, Box], Candidate] = {}
    for number, line in enumerate(lines):
        told(number, len(lines))
        if line["path"] not in stored:
            stored[line["path"]] = _stored(Path(line["path"]), store)
        kept = stored[line["path"]]
        if kept is not None:
            cell = _candidate(line, kept)
            found.setdefault((cell.sha256, cell.box or Box(0, 0, 0, 0)), cell)
    gone = sum(kept is None for kept in stored.values())
    if gone:
        taken.notes.append(f"{gone} images could not be read; their cells are left out.")
    taken.cells = list(found.values())
    if len({cell.label for cell in taken.cells}) < 2:
        raise DataError("Fewer than two classes are left. A data set needs at least two.")
    return taken


def _candidate(line: dict[str, Any], kept: Kept) -> Candidate:
    box = Box(*line["box"]) if line["box"] else None
    return Candidate(
        kept.sha256,
        kept.file,
        line["label"],
        line["laboratory"],
        line["single"],
        box,
        line["together"],
        kept.pixels,
        kept.look,
    )


def _stored(path: Path, store: Path) -> Kept | None:
    try:
        return keep(path.read_bytes(), store)
    except (UnreadableImageError, FileNotFoundError):
        return None


def check_groups(cells: Sequence[Candidate], groups: dict[str, str], *, strict: bool) -> Iterator[str]:
    """Yield what only the groups show: one original in two classes, classes with few originals.

    With ``strict``, raises ``DataError`` for a class whose pictures all show one original; without any class
    of four, always.
    """
    classes: defaultdict[str, set[str]] = defaultdict(set)
    originals: defaultdict[str, set[str]] = defaultdict(set)
    for cell in cells:
        classes[groups[cell.sha256]].add(cell.label)
        originals[cell.label].add(groups[cell.sha256])
    few = {label: len(names) for label, names in originals.items() if len(names) < FEWEST}
    if len(few) == len(originals):
        # Named cells are grouped by patient, class folders by what they show.
        apart = f"{FEWEST} different originals" if strict else f"cells of {FEWEST} different patients"
        raise DataError(f"No class has {apart}, so there is nothing to judge a model by.")
    single = [label for label in ordered(few) if few[label] == 1]
    if strict and single:
        raise DataError(
            f"{_listed(single)}: all pictures show one original, which cannot be split. Add others."
        )
    for label in ordered(few):
        yield f"{label}: {few[label]} originals only; a split into three parts needs {FEWEST}."
    most = max(Counter(groups[cell.sha256] for cell in cells).values())
    if strict and most > len(cells) / 3:
        # A next version would keep the groups of this one, so another data set is the way.
        yield (
            f"{most:,} of {len(cells):,} cells hang together as one group, which stands on one side of the "
            "split. If turned or sheared copies are among them, say so and import them as another data set."
        )
    mixed = sum(len(labels) > 1 for labels in classes.values()) if strict else 0
    if mixed:
        held = "1 group of near-duplicates holds" if mixed == 1 else f"{mixed} groups of near-duplicates hold"
        yield f"{held} pictures of more than one class. Look at them."


def _labels(arrivals: Sequence[Arrival]) -> dict[str, str]:
    """Return the class of each folder; raises ``DataError`` for names that are none and for too few."""
    labels, faults = {}, []
    for folder in sorted({one.folder for one in arrivals}):
        try:
            labels[folder] = label_of_folder(folder)
        except DataError as error:
            faults.append(str(error))
    _refuse("cannot be taken", faults)
    counts = Counter(labels[one.folder] for one in arrivals)
    if not counts:
        raise DataError("There is no JPEG or PNG picture in any class folder.")
    if sum(counts.values()) == 1:
        raise DataError("There is one picture only. A data set needs at least two classes with several each.")
    if len(counts) == 1:
        raise DataError(
            f"All pictures are of one class, {_listed(counts)}. Add a folder for each other class."
        )
    alone = [label for label, count in counts.items() if count == 1]
    if alone:
        raise DataError(f"{_listed(alone)}: there is one picture, which cannot be split. Add others.")
    return labels


def _listed(labels: Sequence[str] | Counter[str]) -> str:
    return ", ".join(ordered(labels))


def _shown(one: Arrival) -> str:
    return f"“{printable(f'{one.folder}/{one.name}')}”"


def _refuse(what: str, faults: Sequence[str]) -> None:
    """Raise ``DataError`` with the faults in one line, unless there is none."""
    if not faults:
        return
    number = "One thing" if len(faults) == 1 else f"{len(faults)} things"
    rest = f" • and {len(faults) - SHOWN} more" if len(faults) > SHOWN else ""
    raise DataError(f"{number} {what}: {' • '.join(faults[:SHOWN])}{rest}")
