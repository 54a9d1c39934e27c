"""FHIR's own media type and errors: an address of FHIR answers a refusal with an OperationOutcome."""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Iterable, Mapping
from http import HTTPStatus
from typing import Any, Final

from django.http import HttpRequest, HttpResponse
from django.http.response import HttpResponseBase
from django.utils.http import parse_header_parameters
from django.utils.translation import gettext as _
from rest_framework.exceptions import ParseError
from rest_framework.negotiation import DefaultContentNegotiation
from rest_framework.parsers import BaseParser
from rest_framework.renderers import JSONRenderer
from rest_framework.request import Request
from rest_framework.response import Response

from hematovision.core.problem import MEDIA_TYPE as PROBLEM
from predictions.api.errors import answer
from predictions.api.json_text import Json
from predictions.errors import OrderRefused, OrderTaken

MEDIA_TYPE: Final = "application/fhir+json"
# The version of FHIR as media types name it.
RELEASE: Final = "4.0"
FORMATS: Final = {"json": MEDIA_TYPE}
ADDRESSES: Final = re.compile("/api/v1/(fhir/|reports/[^/]+/fhir$)")
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
    HTTPStatus.INTERNAL_SERVER_ERROR: "exception",
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


class FhirNegotiation(DefaultContentNegotiation):
    """What is spoken: ``_format`` of the address comes before ``Accept``, and only R4 counts as FHIR."""

    def get_accept_list(self, request: Request) -> list[str]:
        """Return what may be answered."""
        # A plus that was not escaped in an address has become a space.
        asked = request.query_params.get("_format", "").replace(" ", "+")
        told = [FORMATS.get(asked, asked)] if asked else super().get_accept_list(request)
        return [kind for kind in told if _of_r4(kind)]

    def select_parser(self, request: Request, parsers: Iterable[BaseParser]) -> BaseParser | None:
        """Return what reads the body; None: nothing does."""
        if not _of_r4(request.content_type or ""):
            return None
        found: BaseParser | None = super().select_parser(request, parsers)
        return found


def outcomes(
    get_response: Callable[[HttpRequest], HttpResponseBase],
) -> Callable[[HttpRequest], HttpResponseBase]:
    """Give FHIR's form to refusals of its addresses that never reach their views, such as a wrong address."""

    def middleware(request: HttpRequest) -> HttpResponseBase:
        response = get_response(request)
        refused = response.get("Content-Type", "") == PROBLEM
        if refused and isinstance(response, HttpResponse) and ADDRESSES.match(request.path):
            told = _outcome(response.status_code, json.loads(response.content))
            response.content = json.dumps(told, ensure_ascii=False).encode()
            response["Content-Type"] = MEDIA_TYPE
            response["Content-Length"] = str(len(response.content))
        return response

    return middleware


def outcome(error: Exception, context: Mapping[str, Any]) -> Response | None:
    """Return the answer to ``error`` in FHIR's form, with the status and headers that the API gives it."""
    response = answer(error, context)
    if response is None:
        return None
    told = _outcome(response.status_code, response.data)
    if isinstance(error, OrderRefused):
        told["issue"] = [issue("invalid", error.code, text, place) for place, text in error.issues]
    if isinstance(error, OrderTaken):
        told["issue"] = [issue("duplicate", error.code, _which(error), error.place)]
    response.data = told
    response.content_type = MEDIA_TYPE
    return response


def _outcome(status: int, problem: Mapping[str, Any]) -> dict[str, Any]:
    """Return problem details in FHIR's form."""
    kind = ISSUES.get(HTTPStatus(status), "processing")
    return {"resourceType": "OperationOutcome", "issue": [issue(kind, problem["code"], problem["detail"])]}


def _of_r4(media_type: str) -> bool:
    _kind, told = parse_header_parameters(media_type)
    return told.get("fhirversion", RELEASE) == RELEASE


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
