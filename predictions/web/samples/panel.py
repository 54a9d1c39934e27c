"""The differential of a sample and what still stands in the way of signing it, as the page shows them."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from uuid import UUID

from django.template.defaultfilters import floatformat
from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from predictions.differential.counts import Differential, Row
from predictions.differential.intervals import more_cells
from predictions.differential.ranges import Quantity, ReferenceRange
from predictions.differential.units import Unit
from predictions.models import CellType, Sample
from predictions.selectors import (
    Judged,
    Noted,
    Previous,
    RulesInForce,
    cell_states,
    range_of,
)

# How narrow the interval of the largest class should be, in points to each side.
WANTED_POINTS = 5


@dataclass(frozen=True, slots=True)
class Line:
    """One class of the differential. Lengths are SVG lengths of 0..100."""

    kind: CellType
    number: int
    percent: str
    interval: str
    low: str
    width: str
    middle: str
    absolute: str
    range: str
    absolute_range: str
    flag: str
    certain: bool


@dataclass(frozen=True, slots=True)
class Change:
    """A class that has changed since the patient's previous sample; ``certain`` beyond counting error."""

    kind: CellType
    text: str
    certain: bool


@dataclass(frozen=True, slots=True)
class Twice:
    """A cell that may be counted twice, by its number in the gallery."""

    cell: UUID
    number: int


@dataclass(frozen=True, slots=True)
class Panel:
    """The differential with its remarks; ``share_of_target`` is an SVG length of 0..100."""

    differential: Differential
    lines: list[Line]
    target: int
    share_of_target: str
    more: str
    beside: list[str]
    criticals: Sequence[Noted]
    blocks: Sequence[str]
    previous: Sample | None
    changes: list[Change]
    twice: list[Twice]


def panel(sample: Sample, found: Judged, previous: Previous | None) -> Panel:
    """Return what was found in a sample in words and lengths."""
    counted = found.counted
    kinds = {kind.code: kind for kind in found.types}
    names = {kind.code: kind.name for kind in found.types}
    lines = [_line(sample, row, kinds[row.code], found.rules) for row in counted.rows]
    return Panel(
        differential=counted,
        lines=[line for line in lines if line.number or line.range or line.absolute_range],
        target=sample.target,
        share_of_target=f"{min(100.0, 100 * counted.total / sample.target):.1f}",
        more=_more(counted, names),
        beside=_beside(counted, found.rules.unit),
        criticals=found.criticals,
        blocks=found.blocks,
        previous=previous.sample if previous else None,
        changes=_changes(previous, kinds) if previous else [],
        twice=_twice(sample, found),
    )


def _line(sample: Sample, row: Row, kind: CellType, in_force: RulesInForce) -> Line:
    found, verdict = range_of(sample, row, in_force)
    interval, value = row.interval, row.percent
    return Line(
        kind=kind,
        number=row.number,
        percent=floatformat(value, 1) if value is not None else "–",
        interval=f"{100 * interval.low:.1f}–{100 * interval.high:.1f}" if interval else "",
        low=f"{100 * interval.low:.2f}" if interval else "0",
        width=f"{100 * (interval.high - interval.low):.2f}" if interval else "0",
        middle=f"{value:.2f}" if value is not None else "0",
        absolute=floatformat(row.absolute, 2) if row.absolute is not None else "",
        range=_range_told(found, Quantity.PERCENT),
        absolute_range=_range_told(found, Quantity.ABSOLUTE),
        flag=verdict.flag.value if verdict else "",
        certain=verdict.certain if verdict else False,
    )


def _range_told(found: ReferenceRange | None, quantity: Quantity) -> str:
    """Return a range in words if it is of that quantity."""
    return f"{found.low:g}–{found.high:g}" if found and found.quantity == quantity else ""


def _changes(previous: Previous, kinds: Mapping[str, CellType]) -> list[Change]:
    """Say what has changed, in percentage points."""
    return [
        Change(
            kind=kinds[one.code],
            text=_("%(before)s → %(now)s %%")
            % {"before": floatformat(one.previous_percent, 1), "now": floatformat(one.percent, 1)},
            certain=not one.within_counting_error,
        )
        for one in previous.deltas
    ]


def _twice(sample: Sample, found: Judged) -> list[Twice]:
    """Return what may be counted twice, as the gallery numbers cells; it asks for these only where needed."""
    wanted = {one.cell_id for one in found.twice}
    if not wanted:
        return []
    states = enumerate(cell_states(sample), start=1)
    return [Twice(state.cell.pk, number) for number, state in states if state.cell.pk in wanted]


def _more(counted: Differential, names: Mapping[str, str]) -> str:
    """Say how many more cells would make the interval of the most frequent class narrow enough."""
    largest = max(counted.rows, key=lambda row: row.number, default=None)
    if largest is None or not largest.number:
        return ""
    more = more_cells(largest.number, counted.total, WANTED_POINTS)
    if not more:
        return ""
    text = ngettext(
        "%(count)d more cell brings the interval of %(class)s within ± %(points)d points.",
        "%(count)d more cells bring the interval of %(class)s within ± %(points)d points.",
        more,
    )
    return text % {"count": more, "class": names[largest.code].lower(), "points": WANTED_POINTS}


def _beside(counted: Differential, unit: Unit) -> list[str]:
    """Say what was found beside the leukocytes; none of it is in the percentages."""
    said = []
    if counted.nrbc_per_100:
        said.append(_("NRBC %(n)s per 100 WBC") % {"n": floatformat(counted.nrbc_per_100, 1)})
        if counted.corrected_wbc is not None:
            said.append(
                _("WBC corrected for NRBC: %(n)s %(unit)s")
                % {"n": floatformat(counted.corrected_wbc, 2), "unit": unit.value}
            )
    for count, one, many in (
        (counted.smudges, _("%(n)d smudge cell"), _("%(n)d smudge cells")),
        (counted.platelets, _("%(n)d platelet"), _("%(n)d platelets")),
        (
            counted.artefacts,
            _("%(n)d left out as no cell or counted already"),
            _("%(n)d left out as no cells or counted already"),
        ),
    ):
        if count:
            said.append((one if count == 1 else many) % {"n": count})
    return said
