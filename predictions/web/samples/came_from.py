"""Which worklist a person came from: its filters stand in the addresses of the samples it links to."""

from __future__ import annotations

from urllib.parse import urlencode

from django.http import HttpRequest, HttpResponse, QueryDict
from django.shortcuts import redirect
from django.urls import reverse

from accounts.web.access import signed_in
from predictions.web.samples.forms import WorklistForm


def asked_filters(request: HttpRequest, query: QueryDict | None = None) -> WorklistForm:
    """Return the filters in an address, checked; what is wrong with them is left out. No text is heard."""
    given = (request.GET if query is None else query).copy()
    given.pop("text", None)
    form = WorklistForm(given, user=signed_in(request))
    form.is_valid()
    return form


def as_query(form: WorklistForm) -> str:
    """Return filters as the end of an address; empty where there are none."""
    query = urlencode(form.query())
    return f"?{query}" if query else ""


def back_to_sample(request: HttpRequest, sample_id: object) -> HttpResponse:
    """Go back to the sample's page, and leave in its address which worklist the person came from."""
    # Whatever the header holds, the act is done: what follows a "?" is a query, or none of ours.
    _page, _mark, query = request.headers.get("Referer", "").partition("?")
    form = asked_filters(request, QueryDict(query.partition("#")[0]))
    return redirect(reverse("sample", args=[sample_id]) + as_query(form))
