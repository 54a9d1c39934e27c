"""What happened to a sample, and what was said of a cell, in words."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from predictions.models import CellReview, CellType, EventKind, ReviewKind, Sample, SampleEvent
from predictions.selectors import CellState
from predictions.states import SampleState

SHOWN = 40
COMMENTS_SHOWN = 100


@dataclass(frozen=True, slots=True)
class Said:
    """One line of a history: who, when, what; ``reason`` is a person's own words."""

    who: str
    when: datetime
    text: str
    reason: str = ""


def sentence(text: str) -> str:
    """Return a reason that the model gave as a sentence of its own."""
    return f"{text[:1].upper()}{text[1:]}." if text else ""


def trail_told(state: CellState, reviews: Sequence[CellReview]) -> list[Said]:
    """Return what was said of a cell, oldest first: the model's word, then people's."""
    analysis = state.cell.analysis
    version = analysis.model_version.version
    first = Said(_("Model %(version)s") % {"version": version}, analysis.created_at, _("pre-classified it"))
    return [first, *(Said(one.actor.name, one.at, _review(one)) for one in reviews)]


def _review(review: CellReview) -> str:
    if review.kind == ReviewKind.UNDONE:
        return _("took a review back")
    name = review.verdict.name if review.verdict else ""
    if review.kind == ReviewKind.CONFIRMED:
        return _("confirmed: %(class)s") % {"class": name}
    return _("called it: %(class)s") % {"class": name}


def sample_trail(sample: Sample, types: Sequence[CellType]) -> list[Said]:
    """Return the latest that happened to a sample, newest first."""
    names = {kind.code: kind.short for kind in types}
    events = SampleEvent.objects.filter(sample=sample).select_related("actor").order_by("-revision")[:SHOWN]
    return [
        Said(
            event.actor.name if event.actor else _("The portal"),
            event.at,
            _event(EventKind(event.kind), event.detail, names),
            str(event.detail.get("reason", "")),
        )
        for event in events
    ]


def comments(sample: Sample) -> list[Said]:
    """Return what people said to each other about a sample, oldest first, at most the last hundred."""
    events = SampleEvent.objects.filter(sample=sample, kind=EventKind.COMMENTED).select_related("actor")
    said = []
    for event in events.order_by("-revision")[:COMMENTS_SHOWN]:
        assert event.actor is not None, "only people comment"
        said.append(Said(event.actor.name, event.at, str(event.detail["comment"])))
    return said[::-1]


def _event(kind: EventKind, detail: Mapping[str, Any], names: Mapping[str, str]) -> str:
    match kind:
        case EventKind.MOVED:
            state = SampleState(detail["to"]).label
            return _("state: %(state)s") % {"state": state}
        case EventKind.REVIEWED:
            return _reviewed(detail, names)
        case EventKind.UNDONE:
            count = detail["cells"]
            text = ngettext(
                "took back a review of %(count)d cell", "took back a review of %(count)d cells", count
            )
            return text % {"count": count}
        case EventKind.ANALYSED:
            count = detail["cells"]
            text = ngettext("read a field: %(count)d cell", "read a field: %(count)d cells", count)
            return text % {"count": count}
        case EventKind.COMPARED:
            count = detail["cells"]
            text = ngettext(
                "found %(count)d cell that may be counted twice",
                "found %(count)d cells that may be counted twice",
                count,
            )
            return text % {"count": count}
        case _:
            return str(kind.label)


def _reviewed(detail: Mapping[str, Any], names: Mapping[str, str]) -> str:
    count, code = detail["cells"], detail["code"]
    if code is None:
        return ngettext("confirmed %(count)d cell", "confirmed %(count)d cells", count) % {"count": count}
    before = ", ".join(names.get(one, one) if one else _("unidentified") for one in detail["from"])
    text = ngettext(
        "moved %(count)d cell: %(before)s → %(after)s", "moved %(count)d cells: %(before)s → %(after)s", count
    )
    return text % {"count": count, "before": before, "after": names.get(code, code)}
