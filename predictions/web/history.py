"""Every field a person may see, filtered and page by page."""

from __future__ import annotations

from http import HTTPStatus

from django.http import HttpRequest, HttpResponse, QueryDict
from django.shortcuts import render
from django.utils.translation import gettext as _
from django.views.decorators.http import require_http_methods

from accounts.permissions import Capability
from accounts.web.access import requires, signed_in
from hematovision.core.views import error_page
from predictions import selectors
from predictions.errors import BadCursor
from predictions.web.forms import HistoryForm
from predictions.web.presenters import present


@require_http_methods(["GET", "POST"])
@requires(Capability.VIEW_RESULTS)
def history(request: HttpRequest) -> HttpResponse:
    """List fields. Filters come in the URL; a search text, which may name a patient, comes by POST only."""
    asked = request.POST if request.method == "POST" else _without_text(request.GET)
    user = signed_in(request)
    form = HistoryForm(asked, user=user)
    valid = form.is_valid()
    try:
        page = selectors.history(user, filters=form.filters(), after=asked.get("after") or None)
    except BadCursor as problem:
        return error_page(request, problem.status, _("No such page"), str(problem.message))
    context = {
        "form": form,
        "given": form.given(),
        "searching": bool(form.filters().text),
        "rows": [present(field) for field in page.fields],
        "next": page.next,
        "first": not asked.get("after"),
    }
    part = request.headers.get("HX-Request") and asked.get("after")
    name = "_history_rows.html" if part else "history.html"
    return render(
        request, f"predictions/{name}", context, status=HTTPStatus.OK if valid else HTTPStatus.BAD_REQUEST
    )


def _without_text(query: QueryDict) -> QueryDict:
    asked = query.copy()
    asked.pop("text", None)
    return asked
