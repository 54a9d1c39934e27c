"""Error pages and the health of the whole portal."""

from __future__ import annotations

import logging
import sys
import uuid
from http import HTTPStatus
from typing import Final

import redis
from django.conf import settings
from django.core.exceptions import TooManyFilesSent
from django.db import InterfaceError, OperationalError
from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.template.loader import render_to_string
from django.utils.translation import gettext as _

from hematovision.core import tracing
from hematovision.core.problem import problem_response

logger = logging.getLogger(__name__)

OUTAGES = (OperationalError, InterfaceError, redis.ConnectionError, redis.TimeoutError)


# What a program is told beside the sentence; the API's own refusals have finer words.
CODES: Final[dict[int, str]] = {
    400: "bad_request",
    403: "not_allowed",
    404: "not_found",
    413: "too_large",
    429: "throttled",
    500: "server_error",
    503: "database_away",
}


def error_page(request: HttpRequest, status: int, title: str, text: str, reference: str = "") -> HttpResponse:
    """Render the one error page: what happened, what was kept, what to do; programs get it as JSON."""
    if for_program(request):
        return refusal(status, f"{text} ({reference})" if reference else text)
    context = {"title": title, "text": text, "reference": reference, "status": status}
    return render(request, "core/error.html", context, status=status)


def for_program(request: HttpRequest) -> bool:
    """Whether it is a program that asks; it can make nothing of a page."""
    return request.path.startswith("/api/")


def refusal(status: int, text: str) -> HttpResponse:
    """Return an error in the form of the API's own."""
    return problem_response(status, CODES[status], text)


def bad_request(request: HttpRequest, exception: Exception | None = None) -> HttpResponse:
    """Answer 400; the one case that people meet, too many files in a form, says how many are taken."""
    text = _("Nothing was changed. Go back and try again.")
    if isinstance(exception, TooManyFilesSent):
        told = _("The form held more than %(most)d files, so none was stored. Send fewer at a time.")
        text = told % {"most": settings.DATA_UPLOAD_MAX_NUMBER_FILES}
    return error_page(request, HTTPStatus.BAD_REQUEST, _("Request not understood"), text)


def permission_denied(request: HttpRequest, exception: Exception | None = None) -> HttpResponse:
    """Answer 403 with the reason that the refusal carries."""
    reason = str(exception or "") or _("Your role may not do this.")
    return error_page(request, HTTPStatus.FORBIDDEN, _("Not allowed"), reason)


def not_found(request: HttpRequest, exception: Exception | None = None) -> HttpResponse:  # noqa: ARG001 -- fixed by Django
    """Answer 404; another's object and one that does not exist look the same."""
    return error_page(
        request,
        HTTPStatus.NOT_FOUND,
        _("Nothing here"),
        _("The page does not exist, or it belongs to another site."),
    )


def too_many_requests(request: HttpRequest) -> HttpResponse:
    """Answer 429 to somebody who tries too often."""
    text = _("You tried too often in a short time. Wait a minute and try again; nothing was lost.")
    answer = error_page(request, HTTPStatus.TOO_MANY_REQUESTS, _("Too many attempts"), text)
    answer["Retry-After"] = "60"
    return answer


def server_error(request: HttpRequest) -> HttpResponse:
    """Answer 500 with a reference number that stands beside the trace in the log, or 503 for an outage."""
    if is_outage(sys.exc_info()[1]):
        return unavailable(program=for_program(request))
    reference = (tracing.current() or uuid.uuid4().hex)[:8].upper()
    logger.error("Error page shown, reference %s", reference)
    text = _(
        "This is a fault of the portal, not yours. What was saved before is safe. "
        "Try again, or give the number below to your admin."
    )
    return error_page(request, HTTPStatus.INTERNAL_SERVER_ERROR, _("Something broke"), text, reference)


def is_outage(error: BaseException | None) -> bool:
    """Whether the database or Redis cannot serve anybody for now, which no other request would change."""
    # So Redis answers each write while its disk is full.
    disk_full = isinstance(error, redis.ResponseError) and str(error).startswith("MISCONF")
    return disk_full or isinstance(error, OUTAGES)


def unavailable(*, program: bool = False) -> HttpResponse:
    """Answer 503 while the database or Redis is away; the page is drawn without asking either."""
    text = _(
        "The portal cannot reach its database or its queue. What was saved before is safe. Try again soon."
    )
    if program:
        answer = refusal(HTTPStatus.SERVICE_UNAVAILABLE, text)
    else:
        context = {"title": _("Not available"), "text": text, "status": HTTPStatus.SERVICE_UNAVAILABLE}
        page = render_to_string("core/error.html", context)
        answer = HttpResponse(page, status=HTTPStatus.SERVICE_UNAVAILABLE)
    answer["Retry-After"] = "10"
    return answer


def csrf_failure(request: HttpRequest, reason: str = "") -> HttpResponse:  # noqa: ARG001 -- fixed by Django
    """Answer 403 when a form's protection token is missing or stale."""
    text = _(
        "The form was open for too long or came from elsewhere. Nothing was changed. "
        "Reload the page and try again."
    )
    return error_page(request, HTTPStatus.FORBIDDEN, _("Form expired"), text)
