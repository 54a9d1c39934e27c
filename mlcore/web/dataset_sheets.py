"""What pages show of a data set's version: its balance by class and side, and its cells on sheets."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Final

from django.utils.functional import Promise
from django.utils.translation import gettext_lazy as _

from mlcore.engine.frozen import SPLITS, TEST, TRAINING, VALIDATION, FrozenPicture
from mlcore.registry.models import DataSetVersion
from mlcore.web.vocabulary import CellClass, cell_class, place

SIDES: Final[dict[str, str | Promise]] = {
    TRAINING: _("training"),
    VALIDATION: _("validation"),
    TEST: _("test"),
}


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
    group: str
    excluded: bool
    answer: CellClass | None = None
    percent: str = ""


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
    excluded = set(version.dataset.excluded)
    return [
        _tile(number, cell, excluded)
        for number, cell in enumerate(cells)
        if label in {"", cell.label} and side in {"", cell.split}
    ]


def copies(version: DataSetVersion, cells: Sequence[FrozenPicture]) -> list[Tile]:
    """Return the pictures of groups with more than one, group by group, the largest first."""
    excluded = set(version.dataset.excluded)
    together: dict[str, dict[str, int]] = {}
    for number, cell in enumerate(cells):
        together.setdefault(cell.group, {}).setdefault(cell.sha256, number)
    larger = sorted(
        ((name, list(rows.values())) for name, rows in together.items() if len(rows) > 1),
        key=lambda item: (-len(item[1]), item[0]),
    )
    return [_tile(number, cells[number], excluded) for _name, rows in larger for number in rows]


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


def _tile(number: int, cell: FrozenPicture, excluded: set[str], **more: Any) -> Tile:
    kind = cell_class(cell.label)
    return Tile(number, kind, SIDES[cell.split], cell.group, cell.key in excluded, **more)
