"""One identifier for a request and for all the work that it causes, on every line of every log.

The web server makes it, or takes it from the proxy in front; a message to a worker carries it on.
"""

from __future__ import annotations

import json
import logging
import re
import uuid
from collections.abc import Callable
from contextvars import ContextVar
from datetime import UTC, datetime
from typing import Any, Final

from django.conf import settings
from django.http import HttpRequest, HttpResponse

HEADER: Final = "X-Request-ID"
_FORM: Final = re.compile(r"[0-9A-Za-z-]{8,64}")
_current: ContextVar[str] = ContextVar("request_id", default="")


def current() -> str:
    """Return the identifier of the request that is being worked on; empty for work that nobody asked for."""
    return _current.get()


def follow(identifier: str) -> None:
    """Go on under the identifier of the request that caused this work."""
    _current.set(identifier if _FORM.fullmatch(identifier) else "")


def traced(get_response: Callable[[HttpRequest], HttpResponse]) -> Callable[[HttpRequest], HttpResponse]:
    """Give each request its identifier and tell it in the answer; only a proxy of ours may choose it."""

    def middleware(request: HttpRequest) -> HttpResponse:
        given = request.headers.get(HEADER, "") if settings.ALLAUTH_TRUSTED_PROXY_COUNT else ""
        identifier = given if _FORM.fullmatch(given) else uuid.uuid4().hex
        token = _current.set(identifier)
        try:
            response = get_response(request)
        finally:
            _current.reset(token)
        response.headers[HEADER] = identifier
        return response

    return middleware


class AddRequest(logging.Filter):
    """Puts the identifier on each record as ``request_id``; a dash where there is none."""

    def filter(self, record: logging.LogRecord) -> bool:
        """Let every record pass."""
        record.request_id = current() or "-"
        return True


class JsonLine(logging.Formatter):
    """A record as one line of JSON: time, level, logger, message, request, and the trace of an error."""

    def format(self, record: logging.LogRecord) -> str:
        """Return the line."""
        said: dict[str, Any] = {
            "time": datetime.fromtimestamp(record.created, UTC).isoformat(timespec="milliseconds"),
            "level": record.levelname,
            "logger": record.name,
            "message": record.getMessage(),
            "request_id": getattr(record, "request_id", "-"),
        }
        if record.exc_info:
            said["trace"] = self.formatException(record.exc_info)
        return json.dumps(said, ensure_ascii=False)
