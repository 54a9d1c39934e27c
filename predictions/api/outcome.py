"""FHIR's own media type and errors: an address of FHIR answers a refusal with an OperationOutcome."""

from __future__ import annotations

import json
from collections.abc import Mapping
from http import HTTPStatus
from typing import Any, Final

from django.utils.translation import gettext as _
from rest_framework.exceptions import ParseError
from rest_framework.parsers import JSONParser
from rest_framework.renderers import JSONRenderer
from rest_framework.response import Response

from predictions.api.errors import answer
from predictions.errors import OrderRefused, OrderTaken, UploadRefused

MEDIA_TYPE: Final = "application/fhir+json"
# Larger than any order of one differential, and small enough to be read into memory.
LARGEST_BODY: Final = 256 * 1024
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


class FhirParser(JSONParser):
    """JSON under FHIR's name, no larger than it may be and made of text that can be kept."""

    media_type = MEDIA_TYPE

    def parse(self, stream: Any, media_type: str | None = None, parser_context: Any = None) -> Any:  # noqa: ARG002 -- fixed by the framework
        """Return the body.

        Raises:
            UploadRefused: it is too large.
            ParseError: it is no JSON, is nested too deeply, or has characters that are no text.
        """
        content = stream.read(LARGEST_BODY + 1)
        if len(content) > LARGEST_BODY:
            text = _("The order is larger than %(limit)d KB. Nothing was stored.")
            status = HTTPStatus.REQUEST_ENTITY_TOO_LARGE
            raise UploadRefused("too_large", text % {"limit": LARGEST_BODY // 1024}, status)
        try:
            found = json.loads(content, parse_constant=_no_number)
            # Half of a surrogate pair is no character, and PostgreSQL keeps no zero.
            told = json.dumps(found, ensure_ascii=False).encode()
        except (ValueError, RecursionError):
            raise ParseError(_("The body is no JSON that can be read. Nothing was stored.")) from None
        if b"\\u0000" in told:
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


def _no_number(word: str) -> Any:
    raise ValueError(word)
