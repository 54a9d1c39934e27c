"""What browsers say about content that the policy has blocked: a line in the log, so that it is seen."""

from __future__ import annotations

import json
import logging
from http import HTTPStatus
from typing import Any, Final
from urllib.parse import urlsplit

from allauth.core import ratelimit
from django.http import HttpRequest, HttpResponse
from django.views.decorators.csrf import csrf_exempt
from django.views.decorators.http import require_POST

logger = logging.getLogger(__name__)

MOST_BYTES: Final = 8 * 1024


@csrf_exempt
@require_POST
def collect(request: HttpRequest) -> HttpResponse:
    """Log a report's directive and what was blocked by its place alone; anybody may send one, so few count.

    Browsers send no token with it. Addresses are cut to scheme and host, since paths can name objects.
    """
    if ratelimit.consume(request, action="csp_report"):
        report = _read(request)
        if report is not None:
            logger.warning(
                "A browser blocked %s by %s",
                _place(report.get("blocked-uri")),
                _word(report, "violated-directive"),
            )
    return HttpResponse(status=HTTPStatus.NO_CONTENT)


def _read(request: HttpRequest) -> dict[str, Any] | None:
    try:
        report = json.loads(request.read(MOST_BYTES))["csp-report"]
    except (ValueError, KeyError, TypeError, RecursionError):
        return None
    return report if isinstance(report, dict) else None


def _place(address: object) -> str:
    """Return scheme and host of an address, or the word that browsers give for inline content."""
    try:
        parts = urlsplit(str(address)[:200])
    except ValueError:
        return "something"
    return _plain(f"{parts.scheme}://{parts.netloc}" if parts.netloc else parts.path.split("/")[0])


def _word(report: dict[str, Any], name: str) -> str:
    return _plain(str(report.get(name, ""))[:60].split(" ")[0])


def _plain(text: str) -> str:
    """Return a text that cannot begin a line of its own in the log."""
    return "".join(letter for letter in text if letter.isprintable()) or "something"
