"""Samples as lines of the worklist, with all that is shown of them made into words and lengths."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final

from predictions import selectors
from predictions.differential.counts import Differential
from predictions.models import CellType, Flag, Sample
from predictions.states import SampleState

TONES: Final = {
    SampleState.RECEIVING: "",
    SampleState.ANALYSING: "accent",
    SampleState.TO_REVIEW: "warn",
    SampleState.IN_REVIEW: "accent",
    SampleState.SIGNED: "good",
    SampleState.AMENDED: "good",
    SampleState.FAILED: "bad",
    SampleState.CANCELLED: "",
}
# Unidentified cells have a chip of their own, with their number.
FLAG_TONES: Final = {Flag.CRITICAL: "bad", Flag.DELTA: "warn", Flag.LOW_QUALITY: "warn"}


@dataclass(frozen=True, slots=True)
class Part:
    """A piece of the bar that shows the mix of classes: where it begins and how long it is, of 100."""

    css: str
    start: str
    length: str


@dataclass(frozen=True, slots=True)
class Line:
    """One sample of the worklist; ``flags`` are those with a chip, each with its tone."""

    sample: Sample
    tone: str
    flags: list[tuple[Flag, str]]
    counted: Differential
    mix: list[Part]
    told: str


def lines(samples: Sequence[Sample]) -> list[Line]:
    """Return the lines of samples; three queries however many there are."""
    types, in_force = list(CellType.objects.all()), selectors.rules()
    counted = selectors.stored_tallies([sample.pk for sample in samples])
    return [
        _line(sample, selectors.differential(sample, counted[sample.pk], types, in_force), types)
        for sample in samples
    ]


def _line(sample: Sample, counted: Differential, types: list[CellType]) -> Line:
    names = {kind.code: kind.name for kind in types}
    told = ", ".join(f"{row.percent:.0f} % {names[row.code].lower()}" for row in counted.rows if row.percent)
    flags = [(flag, tone) for flag, tone in FLAG_TONES.items() if flag in sample.flags]
    return Line(sample, TONES[SampleState(sample.state)], flags, counted, _mix(counted, types), told)


def _mix(counted: Differential, types: list[CellType]) -> list[Part]:
    colours = {kind.code: kind.colour for kind in types}
    parts, start = [], 0.0
    for row in counted.rows:
        if row.percent:
            parts.append(Part(colours[row.code], f"{start:.2f}", f"{row.percent:.2f}"))
            start += row.percent
    return parts
