"""What the gallery's script asks: give cells a type, take it back, tell what others did."""

from __future__ import annotations

from dataclasses import asdict
from http import HTTPStatus
from typing import Any, Final
from uuid import UUID

from django.http import Http404, HttpRequest, HttpResponse, JsonResponse
from django.shortcuts import render
from django.urls import reverse
from django.utils.translation import gettext as _
from django.views.decorators.http import require_GET, require_POST

from accounts.permissions import Capability
from accounts.web.access import requires, signed_in
from hematovision.core.errors import PortalError
from hematovision.core.origin import Origin
from hematovision.core.plain_json import plain_json
from predictions.errors import ChangedMeanwhile, ReviewRefused
from predictions.models import Cell, EventKind, Sample, SampleEvent
from predictions.selectors import CellState, cell_trail, changed_since, similar_cells, visible_samples
from predictions.services import cells_review, review_undo
from predictions.web.presenters import ranked_shares
from predictions.web.samples.acts import may_review
from predictions.web.samples.alike import likeness, twins_shown
from predictions.web.samples.gallery import card, told
from predictions.web.samples.trail import sentence, trail_told

# After these the gallery has more to show than what was said of its cells.
NEWS: Final = (EventKind.ANALYSED, EventKind.COMPARED, EventKind.READ_AGAIN)


@require_POST
@requires(Capability.REVIEW_CELLS)
def review(request: HttpRequest, sample_id: UUID) -> JsonResponse:
    """Reclassify or confirm cells; 409 with how they stand when somebody else was first."""
    try:
        seen, code = _asked(request)
        sample, states = cells_review(
            actor=signed_in(request), origin=Origin.of(request), sample_id=sample_id, seen=seen, code=code
        )
    except Sample.DoesNotExist as problem:
        raise Http404 from problem
    except PortalError as refusal:
        return _refused(refusal)
    return _answer(sample, states)


@require_POST
@requires(Capability.REVIEW_CELLS)
def undo(request: HttpRequest, sample_id: UUID) -> JsonResponse:
    """Take back the person's last review of this sample."""
    try:
        sample, states = review_undo(actor=signed_in(request), origin=Origin.of(request), sample_id=sample_id)
    except Sample.DoesNotExist as problem:
        raise Http404 from problem
    except PortalError as refusal:
        return _refused(refusal)
    return _answer(sample, states)


@require_GET
@requires(Capability.VIEW_RESULTS)
def changes(request: HttpRequest, sample_id: UUID) -> JsonResponse:
    """Tell what was said of cells after the revision ``since``, and whether new ones have arrived."""
    try:
        sample = visible_samples(request.user).get(pk=sample_id)
        since = int(request.GET.get("since", "0"))
    except Sample.DoesNotExist as problem:
        raise Http404 from problem
    except ValueError:
        return JsonResponse({"code": "bad_request", "message": _("Reload the page.")}, status=400)
    if since >= sample.revision:
        return JsonResponse({"revision": sample.revision, "state": sample.state, "cells": [], "added": False})
    arrived = SampleEvent.objects.filter(sample=sample, revision__gt=since, kind__in=NEWS)
    states = changed_since(sample, since)
    told_now = {"state": sample.state, "added": arrived.exists()}
    return JsonResponse({"revision": sample.revision, "cells": [told(one) for one in states], **told_now})


@require_GET
@requires(Capability.VIEW_RESULTS)
def context(request: HttpRequest, cell_id: UUID) -> HttpResponse:
    """Show a cell in its field, with every probability and who said what."""
    try:
        state, trail = cell_trail(request.user, cell_id)
    except Cell.DoesNotExist as problem:
        raise Http404 from problem
    cell, image = state.cell, state.cell.analysis.field.image
    box = {"x": cell.x0, "y": cell.y0, "width": cell.x1 - cell.x0, "height": cell.y1 - cell.y0}
    sample = cell.analysis.field.sample
    values = {
        "cell": {**asdict(card(state, cell.number)), **box},
        "field": cell.analysis.field,
        "field_url": reverse("field_image", args=[cell.analysis.field_id]),
        "map_url": reverse("cell_map", args=[cell.pk]) if cell.look else "",
        "field_width": image.width,
        "field_height": image.height,
        "shares": ranked_shares(cell),
        "flags": [sentence(cell.reason)] if cell.reason else [],
        "history": trail_told(state, trail),
        "twins": twins_shown(cell),
        "undecided": not state.by_person,
        "may_review": sample is not None and may_review(request, sample),
        "similar_url": reverse("cell_similar", args=[cell.pk]) if cell.features else "",
    }
    return render(request, "predictions/sample/_context.html", values)


@require_GET
@requires(Capability.VIEW_RESULTS)
def similar(request: HttpRequest, cell_id: UUID) -> HttpResponse:
    """Show the verified cells that look most like a cell; asked for when somebody wants to see them."""
    try:
        state, _trail = cell_trail(request.user, cell_id)
    except Cell.DoesNotExist as problem:
        raise Http404 from problem
    site = signed_in(request).site_id
    values = {"found": [likeness(one, site) for one in similar_cells(request.user, state.cell)]}
    return render(request, "predictions/sample/_similar.html", values)


def _asked(request: HttpRequest) -> tuple[dict[UUID, int], str | None]:
    """Return the cells with what the person saw of them, and the type they are to get."""
    try:
        asked = plain_json(request.body)
        seen = {UUID(one["id"]): int(one["seen"]) for one in asked["cells"]}
        code = asked["code"]
    except (ValueError, KeyError, TypeError, AttributeError, OverflowError):
        raise _unreadable() from None
    # A zero is no letter, and the database takes none.
    if code is not None and not (isinstance(code, str) and "\0" not in code):
        raise _unreadable()
    return seen, code


def _unreadable() -> ReviewRefused:
    return ReviewRefused(_("The page sent something that cannot be read. Reload it; nothing was changed."))


def _answer(sample: Sample, states: list[CellState]) -> JsonResponse:
    return JsonResponse({"revision": sample.revision, "cells": [told(state) for state in states]})


def _refused(refusal: PortalError) -> JsonResponse:
    answer: dict[str, Any] = {"code": refusal.code, "message": refusal.message}
    if isinstance(refusal, ChangedMeanwhile):
        answer["cells"] = [told(state) for state in refusal.states]
    return JsonResponse(answer, status=refusal.status or HTTPStatus.CONFLICT)
