"""The worklist as it is now, for pages that are open: asked often, so what is unchanged costs little."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Final

from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.utils import timezone
from django.utils.dateparse import parse_datetime
from django.utils.translation import gettext as _
from django.utils.translation import ngettext
from django.views.decorators.http import condition, require_GET

from accounts.permissions import Capability
from accounts.web.access import requires, signed_in
from predictions import selectors
from predictions.selectors.worklist import PAGE_SIZE
from predictions.web.samples.came_from import asked_filters
from predictions.web.samples.worklist import rows_context, states_context

# Rows beyond these stay on the page as they were loaded.
MOST_ROWS: Final = 300


def _mark(request: HttpRequest) -> str:
    return f'"{selectors.open_mark(request.user)}"'


@require_GET
@requires(Capability.VIEW_RESULTS)
@condition(etag_func=_mark)
def live(request: HttpRequest) -> HttpResponse:
    """Send states and rows, as many as the page has, if a sample has changed; else an empty 304.

    ``since`` is the moment of the answer before: what has happened after it is put in a sentence.
    """
    form = asked_filters(request)
    asked = request.GET.get("rows", "")
    limit = min(MOST_ROWS, max(PAGE_SIZE, int(asked))) if asked.isdecimal() and len(asked) < 9 else PAGE_SIZE
    now = timezone.now()
    page = selectors.worklist(signed_in(request), filters=form.filters(), limit=limit)
    context = {
        **rows_context(form, page),
        **states_context(request, form),
        "next_waiting": selectors.next_waiting(request.user, form.filters()),
        "now": now,
        "news": _news(request, _moment(request.GET.get("since", ""))),
    }
    return render(request, "predictions/sample/_live.html", context)


def _moment(text: str) -> datetime | None:
    try:
        moment = parse_datetime(text)
        # The database knows no zone that is so far from UTC as Python's may be.
        return moment.astimezone(UTC) if moment is not None and timezone.is_aware(moment) else None
    except (ValueError, OverflowError):
        return None


def _news(request: HttpRequest, since: datetime | None) -> str:
    """Say what is new, for screen readers; empty where nothing is that anybody waits for."""
    if since is None:
        return ""
    found = selectors.news_since(request.user, since)
    said = []
    if found.registered:
        text = ngettext("%(n)d sample new", "%(n)d samples new", found.registered)
        said.append(text % {"n": found.registered})
    if found.to_review:
        said.append(_("%(n)d ready for review") % {"n": found.to_review})
    if found.in_review:
        said.append(_("%(n)d handed to the doctor") % {"n": found.in_review})
    return ", ".join(said)
