"""Small line charts of shares through time, as the lengths and words that a template draws with SVG."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final

from django.template.defaultfilters import floatformat
from django.utils.translation import gettext as _

from predictions.models import CellType

# The area that the lines are drawn in, in units of the chart's viewBox of 320 to 150.
LEFT, RIGHT, TOP, BOTTOM = 38.0, 310.0, 12.0, 122.0
# Where an axis may end: the first of these that holds every value.
ENDS: Final = (1, 2, 5, 10, 20, 40, 60, 80, 100)
TICKS: Final = 2


@dataclass(frozen=True, slots=True)
class Reading:
    """A share in percent at one place of the time axis; None where nothing was counted there."""

    when: str
    percent: float | None
    told: str


@dataclass(frozen=True, slots=True)
class Mark:
    """A point with its place and the sentence that tells it."""

    x: str
    y: str
    told: str


@dataclass(frozen=True, slots=True)
class Tick:
    """A line of the grid or a place on the time axis, with its words and how they are set."""

    at: str
    label: str
    anchor: str = "middle"


@dataclass(frozen=True, slots=True)
class Chart:
    """One class: ``lines`` are points for SVG polylines, broken where nothing was counted."""

    kind: CellType
    marks: list[Mark]
    lines: list[str]
    heights: list[Tick]
    times: list[Tick]
    first: str
    last: str
    told: str


def chart(kind: CellType, readings: Sequence[Reading]) -> Chart | None:
    """Return the chart of a class, from zero to a round number; None where it was never found."""
    known = [one.percent for one in readings if one.percent is not None]
    if not any(known):
        return None
    end = next(end for end in ENDS if end >= max(known))
    places = [
        (_across(place, len(readings)), _up(one.percent, end), one) for place, one in enumerate(readings)
    ]
    first, last = floatformat(known[0], 1), floatformat(known[-1], 1)
    span = {
        "name": kind.name,
        "low": floatformat(min(known), 1),
        "high": floatformat(max(known), 1),
        "last": last,
    }
    return Chart(
        kind=kind,
        marks=[Mark(x, y, one.told) for x, y, one in places if y],
        lines=_lines([(x, y) for x, y, _one in places]),
        heights=[
            Tick(_up(end * tick / TICKS, end), f"{end * tick / TICKS:g} %") for tick in range(TICKS + 1)
        ],
        times=_times(readings),
        first=first,
        last=last,
        told=_("%(name)s: between %(low)s and %(high)s %%, %(last)s %% at the end") % span,
    )


def _across(place: int, count: int) -> str:
    return f"{LEFT + (RIGHT - LEFT) * (place / (count - 1) if count > 1 else 0.5):.1f}"


def _up(percent: float | None, end: float) -> str:
    """Return the height of a share; empty for none."""
    return "" if percent is None else f"{BOTTOM - (BOTTOM - TOP) * percent / end:.1f}"


def _lines(places: Sequence[tuple[str, str]]) -> list[str]:
    """Join neighbours; a place without a height ends a line."""
    lines: list[list[str]] = [[]]
    for x, y in places:
        if y:
            lines[-1].append(f"{x},{y}")
        elif lines[-1]:
            lines.append([])
    return [" ".join(line) for line in lines if len(line) > 1]


def _times(readings: Sequence[Reading]) -> list[Tick]:
    """Name the first, the middle and the last place."""
    count = len(readings)
    anchors = {(count - 1) // 2: "middle"}
    if count > 1:
        anchors |= {0: "start", count - 1: "end"}
    return [Tick(_across(place, count), readings[place].when, anchors[place]) for place in sorted(anchors)]
