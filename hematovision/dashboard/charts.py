"""Charts of one value for each day, as the lengths and words that a template draws with SVG.

A column stands for a day and tells itself to whoever points at it; no colour carries a meaning.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date
from typing import Final

from django.template.defaultfilters import floatformat
from django.utils.formats import date_format, number_format
from django.utils.functional import Promise
from django.utils.translation import gettext as _

from hematovision.dashboard.activity import Activity

# The area that the columns stand in, in units of the chart's viewBox of 320 to 150.
LEFT, RIGHT, TOP, BOTTOM = 44.0, 314.0, 10.0, 122.0
GAP: Final = 0.25


@dataclass(frozen=True, slots=True)
class Column:
    """One day: a rectangle and the sentence that tells it."""

    x: str
    y: str
    height: str
    told: str


@dataclass(frozen=True, slots=True)
class Columns:
    """A chart: its columns, the grid's lines (height, label), and three days (place, label, anchor)."""

    name: str | Promise
    latest: str
    width: str
    columns: list[Column]
    heights: list[tuple[str, str]]
    times: list[tuple[str, str, str]]
    told: str


def charts(found: Activity) -> list[Columns]:
    """Return the charts of the last 30 days."""
    cells = found.cells
    return [
        columns(_("Samples"), found.days, list(found.samples)),
        columns(_("Cells"), found.days, [one.read for one in cells]),
        columns(_("Unidentified"), found.days, [one.abstention for one in cells], unit=" %"),
        columns(_("Overridden of those looked at"), found.days, [one.overrides for one in cells], unit=" %"),
    ]


def columns(name: str, days: Sequence[date], values: Sequence[float | None], unit: str = "") -> Columns:
    """Return a chart from zero to a round number; None is a day on which there was nothing to count."""
    known = [value for value in values if value is not None]
    end, step = _end(max(known, default=0)), (RIGHT - LEFT) / max(1, len(days))
    drawn = []
    for place, (day, value) in enumerate(zip(days, values, strict=True)):
        if value is None:
            continue
        height = (BOTTOM - TOP) * value / end
        told = f"{date_format(day, 'j M')}: {_number(value, unit)}"
        x = LEFT + step * (place + GAP / 2)
        drawn.append(Column(f"{x:.1f}", f"{BOTTOM - height:.1f}", f"{height:.1f}", told))
    facts = {"name": name, "most": _number(max(known, default=0), unit), "last": _shown(values[-1], unit)}
    return Columns(
        name=name,
        latest=_shown(values[-1], unit),
        width=f"{step * (1 - GAP):.1f}",
        columns=drawn,
        heights=[
            (f"{BOTTOM - (BOTTOM - TOP) * part:.1f}", _number(end * part, unit, whole=True))
            for part in (0, 0.5, 1)
        ],
        times=_times(days, step),
        told=_("%(name)s on each of the last 30 days: at most %(most)s, today %(last)s") % facts,
    )


def _end(most: float) -> float:
    """Return the first round number that holds every value: 2, 4, 10, 20, 40, 100 and so on."""
    end = 2.0
    while end < most:
        end *= 2.5 if str(end)[0] == "4" else 2
    return end


def _shown(value: float | None, unit: str) -> str:
    return "–" if value is None else _number(value, unit)


def _number(value: float, unit: str, *, whole: bool = False) -> str:
    """Write counts whole and shares with one decimal; on an axis both are whole."""
    if unit and not whole:
        return f"{floatformat(value, 1)}{unit}"
    return f"{number_format(round(value), use_l10n=True, force_grouping=True)}{unit}"


def _times(days: Sequence[date], step: float) -> list[tuple[str, str, str]]:
    places = {0: "start", (len(days) - 1) // 2: "middle", len(days) - 1: "end"}
    return [
        (f"{LEFT + step * (place + 0.5):.1f}", date_format(days[place], "j M"), anchor)
        for place, anchor in places.items()
    ]
