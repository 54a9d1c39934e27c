"""The page on which people read the API's description; everything it needs comes from the portal itself."""

from __future__ import annotations

from csp.constants import SELF
from csp.decorators import csp_replace
from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.views.decorators.http import require_GET


@require_GET
@csp_replace({"img-src": [SELF, "data:"]})
def docs(request: HttpRequest) -> HttpResponse:
    """Show the description, to whoever asks, as it holds nothing that the source does not.

    Swagger UI's style sheet draws its icons from ``data:`` addresses, which this page alone allows.
    """
    return render(request, "api/docs.html")
