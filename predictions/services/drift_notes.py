"""What somebody has taken note of stays quiet in later weeks, until it gets worse, ends or is too long ago.

A note is known by the measure that it is about, its distance and direction, and the week in which it was.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from datetime import date
from typing import TypedDict

from django.conf import settings

from mlcore.engine.drift import Measure, Verdict
from predictions.models import DriftWeek
from predictions.selectors.drift import limits


class Note(TypedDict):
    """As what a measure was noted, and in which week (its Monday in ISO form)."""

    week: str
    distance: float
    direction: str


def measures_of(row: DriftWeek) -> list[Measure]:
    """Return the measures of a week as they were stored."""
    return [Measure(**one) for one in row.measures]


def notes_of(row: DriftWeek) -> dict[str, Note]:
    """Return what is noted with ``row``: each of its alarms as it is now."""
    return {
        one.name: Note(week=str(row.week), distance=one.distance, direction=one.direction)
        for one in measures_of(row)
        if one.name in row.alarms
    }


def notes_for(row: DriftWeek, measures: Sequence[Measure]) -> dict[str, Note]:
    """Return the notes that count in the week of ``row``: its own, and the week's before that has not ended.

    What was steady in between has ended, and alarms anew when it comes again.
    """
    before = DriftWeek.objects.filter(
        site=row.site_id, model_version=row.model_version_id, week__lt=row.week
    ).order_by("-week")
    ended = {one.name for one in measures if one.verdict == Verdict.STEADY}
    earlier = before.first()
    notes = {name: note for name, note in (earlier.noted if earlier else {}).items() if name not in ended}
    return notes | {name: note for name, note in row.noted.items() if note["week"] >= str(row.week)}


def quiet(notes: Mapping[str, Note], measures: Iterable[Measure], week: date) -> set[str]:
    """Return the names whose note holds in ``week``: young enough, and nothing there is worse than noted."""
    found = {one.name: one for one in measures}
    return {
        name
        for name, note in notes.items()
        if (week - date.fromisoformat(note["week"])).days <= settings.DRIFT_NOTE_DAYS
        and not _worse(note, found.get(name))
    }


def _worse(note: Note, now: Measure | None) -> bool:
    if now is None or now.verdict != Verdict.ALARM:
        return False
    other_way = now.direction != note["direction"]
    return other_way or now.distance >= limits().worse_from(now.kind, note["distance"])
