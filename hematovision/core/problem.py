"""Errors for programs: problem details as of RFC 9457, the one form of everything under ``/api/``."""

from __future__ import annotations

from collections.abc import Mapping
from http import HTTPStatus
from typing import Any, Final

from django.http import JsonResponse

MEDIA_TYPE: Final = "application/problem+json"


def problem(
    status: int, code: str, detail: object, extras: Mapping[str, Any] | None = None
) -> dict[str, Any]:
    """Return an error as a program reads it.

    Args:
        status: the HTTP status, which also gives the title.
        code: the stable word for programs.
        detail: the sentence for people.
        extras: what else a program can use, such as the key of what is in the way.
    """
    title = HTTPStatus(status).phrase
    told = {"type": "about:blank", "title": title, "status": int(status), "detail": str(detail), "code": code}
    # What an error adds is read after what all errors have, and never stands in for it.
    return told | {name: value for name, value in (extras or {}).items() if name not in told}


def problem_response(status: int, code: str, detail: object) -> JsonResponse:
    """Return the error as an answer, for what is refused before the API's own code is reached."""
    return JsonResponse(problem(status, code, detail), status=status, content_type=MEDIA_TYPE)
