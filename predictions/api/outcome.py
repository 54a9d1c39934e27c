"""FHIR's own media type and errors: an address of FHIR answers a refusal with an OperationOutcome."""

from __future__ import annotations

import json
from collections.abc import Mapping
from http import HTTPStatus
from typing import Any, Final

from django.utils.translation import gettext as _
from rest_framework.exceptions import ParseError
from rest_framework.renderers import JSONRenderer
from rest_framework.response import Response

from predictions.api.errors import answer
from predictions.api.json_text import Json
from predictions.errors import OrderRefused, OrderTaken

MEDIA_TYPE: Final = "application/fhir+json"
# Statuses -> FHIR's word for what happened; it has few of them.
ISSUES: Final = {
    HTTPStatus.BAD_REQUEST: "structure",
    HTTPStatus.UNAUTHORIZED: "login",
    HTTPStatus.FORBIDDEN: "forbidden",
    HTTPStatus.NOT_FOUND: "not-found",
    HTTPStatus.METHOD_NOT_ALLOWED: "not-supported",
    HTTPStatus.NOT_ACCEPTABLE: "not-supported",
    HTTPStatus.CONFLICT: "conflict",
    HTTPStatus.REQUEST_ENTITY_TOO_LARGE: "too-long",
    HTTPStatus.UNSUPPORTED_MEDIA_TYPE: "not-supported",
    HTTPStatus.UNPROCESSABLE_ENTITY: "invalid",
    HTTPStatus.TOO_MANY_REQUESTS: "throttled",
    HTTPStatus.SERVICE_UNAVAILABLE: "transient",
}


class FhirRenderer(JSONRenderer):
    """JSON under FHIR's name."""

    media_type = MEDIA_TYPE
    # One word for both names of JSON: which of them is asked for by Accept, as FHIR has it.
    format = "json"


class PlainRenderer(FhirRenderer):
    """The same under the name of all JSON."""

    media_type = "application/json"


class FhirParser(Json):
    """JSON under FHIR's name, of characters that can be kept."""

    media_type = MEDIA_TYPE

    def parse(self, stream: Any, media_type: str | None = None, parser_context: Any = None) -> Any:
        """Return the body.

        Raises: as ``Json``; ParseError also for a zero, which PostgreSQL does not keep.
        """
        found = super().parse(stream, media_type, parser_context)
        if "\\u0000" in json.dumps(found):
            raise ParseError(_("The body has characters that are no text. Nothing was stored."))
        return found


class PlainParser(FhirParser):
    """The same under the name of all JSON."""

    media_type = "application/json"


def outcome(error: Exception, context: Mapping[str, Any]) -> Response | None:
    """Return the answer to ``error`` in FHIR's form, with the status and headers that the API gives it."""
    response = answer(error, context)
    if response is None:
        return None
    told = response.data or {}
    code = str(told.get("code", "error"))
    sentence = str(told.get("detail") or told.get("message") or "")
    kind = ISSUES.get(HTTPStatus(response.status_code), "processing")
    issues = [issue(kind, code, sentence)]
    if isinstance(error, OrderRefused):
        issues = [issue("invalid", code, text, place) for place, text in error.issues]
    if isinstance(error, OrderTaken):
        issues = [issue("duplicate", code, _which(error), error.place)]
    response.data = {"resourceType": "OperationOutcome", "issue": issues}
    response.content_type = MEDIA_TYPE
    return response


def issue(kind: str, code: str, sentence: str, place: str = "") -> dict[str, Any]:
    """Return one thing that is wrong: FHIR's word, the portal's code, a sentence, and where it stands."""
    found: dict[str, Any] = {
        "severity": "error",
        "code": kind,
        "details": {"coding": [{"code": code}], "text": sentence},
    }
    return {**found, "expression": [place]} if place else found


def _which(error: OrderTaken) -> str:
    """Name the sample that is in the way, to whoever may see it."""
    sentence = str(error.message)
    return f"{sentence} (Sample {error.sample})" if error.sample else sentence
