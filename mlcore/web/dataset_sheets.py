"""What pages show of a data set's version: its balance by class and side, and its cells on sheets."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Final

from django.utils.functional import Promise
from django.utils.translation import gettext_lazy as _

from mlcore.engine.frozen import SPLITS, TEST, TRAINING, VALIDATION, FrozenPicture
from mlcore.registry.leaks import Leak
from mlcore.registry.models import DataSetVersion
from mlcore.web.vocabulary import CellClass, cell_class, place

SIDES: Final[dict[str, str | Promise]] = {
    TRAINING: _("training"),
    VALIDATION: _("validation"),
    TEST: _("test"),
}

# In which ways a model may have seen a test picture.
SEEN_AS: Final = ("same", "copies", "near")
# So many pictures of a group stand in its row.
IN_STRIP: Final = 8


@dataclass(frozen=True, slots=True)
class Segment:
    """One side's part of a bar: where it begins and how long it is, of 100."""

    side: str
    start: str
    length: str


@dataclass(frozen=True, slots=True)
class Row:
    """How many cells of a class stand on each side; the bars of all classes have one scale."""

    kind: CellClass
    counts: Sequence[tuple[str, int]]
    total: int
    segments: Sequence[Segment]


@dataclass(frozen=True, slots=True)
class Tile:
    """A cell on a sheet: its number in the version, class, side, and what the model would call it.

    ``answer`` and ``percent`` are None but on the sheet of doubts.
    """

    number: int
    kind: CellClass
    side: str | Promise
    excluded: bool
    answer: CellClass | None = None
    percent: str = ""


@dataclass(frozen=True, slots=True)
class Together:
    """A group of more than one picture: the number of a cell of each, and of how many classes they are."""

    numbers: tuple[int, ...]
    classes: int


@dataclass(frozen=True, slots=True)
class Strip:
    """A group in one row: some of its pictures, its classes, and how many pictures it has."""

    tiles: Sequence[Tile]
    kinds: Sequence[CellClass]
    pictures: int


def balance(counts: Mapping[str, Any]) -> list[Row]:
    """Return the classes of a version in the portal's order."""
    classes: Mapping[str, Mapping[str, int]] = counts.get("classes", {})
    most = max((sum(sides.values()) for sides in classes.values()), default=1)
    return [
        _row(label, classes[label], most) for label in sorted(classes, key=lambda name: (place(name), name))
    ]


def _row(label: str, sides: Mapping[str, int], most: int) -> Row:
    start, segments = 0.0, []
    for side in SPLITS:
        length = 100 * sides[side] / most
        segments.append(Segment(side, f"{start:.2f}", f"{length:.2f}"))
        start += length
    return Row(cell_class(label), [(side, sides[side]) for side in SPLITS], sum(sides.values()), segments)


def tiles(version: DataSetVersion, cells: Sequence[FrozenPicture], label: str, side: str) -> list[Tile]:
    """Return the cells of a class and side, or of all where these are empty."""
    chosen = [
        number for number, cell in enumerate(cells) if label in {"", cell.label} and side in {"", cell.split}
    ]
    return _tiles(version, cells, chosen)


def together(cells: Sequence[FrozenPicture]) -> list[Together]:
    """Return the groups of more than one picture: first those of several classes, then the largest."""
    groups: defaultdict[str, dict[str, int]] = defaultdict(dict)
    for number, cell in enumerate(cells):
        groups[cell.group].setdefault(cell.sha256, number)
    found = [
        Together(tuple(rows.values()), len({cells[number].label for number in rows.values()}))
        for rows in groups.values()
        if len(rows) > 1
    ]
    return sorted(found, key=lambda one: (-one.classes, -len(one.numbers), one.numbers))


def strip(version: DataSetVersion, cells: Sequence[FrozenPicture], group: Together) -> Strip:
    """Return a group as a sheet shows it: some of its pictures, of each class at least one."""
    first: dict[str, int] = {}
    for number in group.numbers:
        first.setdefault(cells[number].label, number)
    chosen = [*first.values(), *(number for number in group.numbers if number not in first.values())]
    shown = _tiles(version, cells, chosen[:IN_STRIP])
    kinds = [cell_class(label) for label in sorted(first, key=lambda name: (place(name), name))]
    return Strip(shown, kinds, len(group.numbers))


def alike(version: DataSetVersion, cells: Sequence[FrozenPicture], number: int) -> list[Tile]:
    """Return the cells of the group of the cell ``number``; none where there is no such cell."""
    if not 0 <= number < len(cells):
        return []
    group = cells[number].group
    return _tiles(version, cells, [row for row, cell in enumerate(cells) if cell.group == group])


def seen(cells: Sequence[FrozenPicture], leaks: Sequence[Leak], model: str, how: str) -> list[Tile]:
    """Return the test pictures that a model has seen: ``same``, ``copies`` or ``near`` (``engine.leaks``)."""
    found = next((leak for leak in leaks if str(leak.model.pk) == model and leak.found), None)
    if found is None or found.found is None or how not in SEEN_AS:
        return []
    return _tiles(found.version, cells, getattr(found.found, how) or ())


def doubtful(version: DataSetVersion, cells: Sequence[FrozenPicture]) -> list[Tile]:
    """Return the cells that the model is sure to be of another class, surest first."""
    excluded = set(version.dataset.excluded)
    numbers = {cell.key: number for number, cell in enumerate(cells)}
    return [
        _tile(
            numbers[doubt["key"]],
            cells[numbers[doubt["key"]]],
            excluded,
            answer=cell_class(doubt["answer"]),
            percent=f"{100 * doubt['confidence']:.1f} %",
        )
        for doubt in version.doubts
        if doubt["key"] in numbers
    ]


def _tiles(version: DataSetVersion, cells: Sequence[FrozenPicture], numbers: Sequence[int]) -> list[Tile]:
    excluded = set(version.dataset.excluded)
    return [_tile(number, cells[number], excluded) for number in numbers]


def _tile(number: int, cell: FrozenPicture, excluded: set[str], **more: Any) -> Tile:
    kind = cell_class(cell.label)
    return Tile(number, kind, SIDES[cell.split], cell.key in excluded, **more)
