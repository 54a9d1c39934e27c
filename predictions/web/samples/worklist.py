"""The worklist: what waits for whom, oldest first."""

from __future__ import annotations

from dataclasses import dataclass
from http import HTTPStatus
from typing import Final

from django.http import HttpRequest, HttpResponse, QueryDict
from django.shortcuts import render
from django.utils.translation import gettext as _
from django.views.decorators.http import require_http_methods

from accounts.permissions import Capability
from accounts.web.access import requires, signed_in
from hematovision.core.views import error_page
from predictions import selectors
from predictions.differential.counts import Differential
from predictions.errors import BadCursor
from predictions.models import CellType, Sample
from predictions.states import SampleState
from predictions.web.samples.forms import WorklistForm

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


@dataclass(frozen=True, slots=True)
class Part:
    """A piece of the bar that shows the mix of classes: where it begins and how long it is, of 100."""

    css: str
    start: str
    length: str


@dataclass(frozen=True, slots=True)
class Line:
    """One sample of the worklist."""

    sample: Sample
    tone: str
    counted: Differential
    mix: list[Part]
    told: str


@require_http_methods(["GET", "POST"])
@requires(Capability.VIEW_RESULTS)
def worklist(request: HttpRequest) -> HttpResponse:
    """List samples. Filters come in the URL; numbers of samples and patients come by POST only."""
    asked = request.POST if request.method == "POST" else _without_text(request.GET)
    form = WorklistForm(asked)
    valid = form.is_valid()
    try:
        page = selectors.worklist(
            signed_in(request), filters=form.filters(), after=asked.get("after") or None
        )
    except BadCursor as problem:
        return error_page(request, problem.status, _("No such page"), str(problem.message))
    counts = selectors.states_counted(signed_in(request))
    context = {
        "form": form,
        "given": form.given(),
        "state": form.filters().state,
        "searching": bool(form.filters().text),
        "lines": _lines(page.samples),
        "next": page.next,
        "states": [(state, TONES[state], counts[state]) for state in SampleState if counts.get(state)],
        "waiting": sum(counts.values()),
    }
    part = request.headers.get("HX-Request") and asked.get("after")
    name = "_rows.html" if part else "worklist.html"
    status = HTTPStatus.OK if valid else HTTPStatus.BAD_REQUEST
    return render(request, f"predictions/sample/{name}", context, status=status)


def _lines(samples: list[Sample]) -> list[Line]:
    types, in_force = list(CellType.objects.all()), selectors.rules()
    counted = selectors.stored_tallies([sample.pk for sample in samples])
    lines = []
    for sample in samples:
        one = selectors.differential(sample, counted[sample.pk], types, in_force)
        mix = _mix(one, types)
        told = ", ".join(
            f"{row.percent:.0f} % {row.code.replace('_', ' ')}"
            for row in one.rows
            if row.number and row.percent
        )
        lines.append(Line(sample, TONES[SampleState(sample.state)], one, mix, told))
    return lines


def _mix(counted: Differential, types: list[CellType]) -> list[Part]:
    colours = {kind.code: kind.colour for kind in types}
    parts, start = [], 0.0
    for row in counted.rows:
        if row.percent:
            parts.append(Part(colours[row.code], f"{start:.2f}", f"{row.percent:.2f}"))
            start += row.percent
    return parts


def _without_text(query: QueryDict) -> QueryDict:
    asked = query.copy()
    asked.pop("text", None)
    return asked
