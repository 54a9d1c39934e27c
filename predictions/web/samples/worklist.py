"""The worklist: what waits for whom, oldest first."""

from __future__ import annotations

from http import HTTPStatus
from urllib.parse import urlencode

from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.utils import timezone
from django.utils.translation import gettext as _
from django.views.decorators.http import require_http_methods

from accounts.models import User
from accounts.permissions import Capability
from accounts.web.access import requires, signed_in
from hematovision.core.views import error_page
from predictions import selectors
from predictions.errors import BadCursor
from predictions.states import SampleState
from predictions.web.samples.came_from import as_query, asked_filters
from predictions.web.samples.forms import WorklistForm
from predictions.web.samples.lines import TONES, lines

# What nobody waits for any more is found here too, and too much to be counted each time.
CLOSED = (SampleState.SIGNED, SampleState.AMENDED, SampleState.CANCELLED)


@require_http_methods(["GET", "POST"])
@requires(Capability.VIEW_RESULTS)
def worklist(request: HttpRequest) -> HttpResponse:
    """List samples. Filters come in the URL; numbers of samples and patients come by POST only."""
    user, posted = signed_in(request), request.method == "POST"
    form = WorklistForm(request.POST, user=user) if posted else asked_filters(request)
    asked = request.POST if posted else request.GET
    valid = form.is_valid()
    # Before the rows are read: what changes in between is then told by the next look.
    mark, now = selectors.open_mark(user), timezone.now()
    try:
        page = selectors.worklist(user, filters=form.filters(), after=asked.get("after") or None)
    except BadCursor as problem:
        return error_page(request, problem.status, _("No such page"), str(problem.message))
    context, views = rows_context(form, page), _views(user, form)
    if request.headers.get("HX-Request") and asked.get("after"):
        return render(request, "predictions/sample/_rows.html", context)
    context |= {
        **states_context(request, form),
        "narrowed": form.query().keys() - {"state"},
        "views": views,
        "shown_view": next((one["view"] for one in views if one["chosen"]), None),
        "next_waiting": selectors.next_waiting(user, form.filters()),
        "mark": mark,
        "now": now,
    }
    status = HTTPStatus.OK if valid else HTTPStatus.BAD_REQUEST
    return render(request, "predictions/sample/worklist.html", context, status=status)


def rows_context(form: WorklistForm, page: selectors.WorklistPage) -> dict[str, object]:
    """Return what the rows of a page need."""
    return {
        "form": form,
        "given": form.given(),
        "searching": bool(form.filters().text),
        "came_from": as_query(form),
        "lines": lines(page.samples),
        "next": page.next,
    }


def states_context(request: HttpRequest, form: WorklistForm) -> dict[str, object]:
    """Return how many samples wait in which state, under the other filters."""
    others = urlencode({name: value for name, value in form.query().items() if name != "state"})
    counts = selectors.states_counted(signed_in(request), form.filters())
    return {
        "state": form.filters().state,
        "without_state": f"?{others}" if others else "",
        "other_filters": f"&{others}" if others else "",
        "states": [(state, TONES[state], counts[state]) for state in SampleState if counts.get(state)],
        "closed": CLOSED,
        "waiting": sum(counts.values()),
    }


def _views(user: User, form: WorklistForm) -> list[dict[str, object]]:
    """Return the person's own views, each with its address and whether it is what is shown."""
    shown = form.query()
    return [
        {"view": view, "query": urlencode(view.filters), "chosen": view.filters == shown}
        for view in selectors.views_of(user)
    ]
