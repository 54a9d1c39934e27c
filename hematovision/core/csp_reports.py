"""What browsers say about content that the policy has blocked: counted, and a line in the log for a kind."""

from __future__ import annotations

import json
import logging
from http import HTTPStatus
from typing import Any, Final
from urllib.parse import urlsplit

from allauth.core import ratelimit
from django.core.cache import cache
from django.http import HttpRequest, HttpResponse
from django.views.decorators.csrf import csrf_exempt
from django.views.decorators.http import require_POST

from hematovision.core import metrics
from hematovision.core.metrics import Series

logger = logging.getLogger(__name__)

MOST_BYTES: Final = 8 * 1024
# The same thing blocked on every page that somebody opens is one line, not hundreds.
QUIET_SECONDS: Final = 3600
# Anybody may send a report, so what it names counts under these words alone.
DIRECTIVES: Final = frozenset(
    {"default-src", "script-src", "script-src-elem", "script-src-attr", "style-src", "style-src-elem"}
    | {"style-src-attr", "img-src", "font-src", "connect-src", "media-src", "object-src", "frame-src"}
    | {"child-src", "worker-src", "manifest-src", "form-action", "base-uri", "frame-ancestors"}
)
REPORTS: Final = Series("hematovision_csp_reports", "What browsers blocked and told of.", ("directive",))


@csrf_exempt
@require_POST
def collect(request: HttpRequest) -> HttpResponse:
    """Count a report and log what was blocked by its place alone; anybody may send one, so few count.

    Browsers send no token with it. Addresses are cut to scheme and host, since paths can name objects.
    """
    if ratelimit.consume(request, action="csp_report"):
        report = _read(request)
        if report is not None:
            _tell(_place(report.get("blocked-uri")), _word(report, "violated-directive"))
    return HttpResponse(status=HTTPStatus.NO_CONTENT)


def _tell(place: str, directive: str) -> None:
    metrics.count(REPORTS, directive if directive in DIRECTIVES else "other")
    if cache.add(f"csp_report:{place}:{directive}", 1, timeout=QUIET_SECONDS):
        logger.warning("A browser blocked %s by %s", place, directive)


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
