"""What each address of the API takes and answers, as OpenAPI: ``/api/v1/schema`` tells it."""

from __future__ import annotations

from typing import Any, Final

from drf_spectacular.extensions import OpenApiAuthenticationExtension, OpenApiSerializerFieldExtension
from drf_spectacular.openapi import AutoSchema
from drf_spectacular.types import OpenApiTypes
from drf_spectacular.utils import (
    OpenApiExample,
    OpenApiParameter,
    OpenApiRequest,
    OpenApiResponse,
    extend_schema,
)

from hematovision.core.problem import MEDIA_TYPE, problem
from predictions.api.shapes import FieldAnswer, Problem

# The first day and the last of what is taken are another year elsewhere, so a year at each end is left out.
YEARS: Final = r"^(190[1-9]|19[1-9]\d|2[0-8]\d\d|29[0-8]\d|299[0-8])-"
# Why each status is answered: the codes and a sentence for the description.
REFUSALS: Final[dict[int, tuple[str, str]]] = {
    400: ("no_file", "no_file, too_many_files, bad_value, bad_request, parse_error"),
    401: ("not_authenticated", "not_authenticated, authentication_failed"),
    403: (
        "not_allowed",
        "not_allowed, scope_missing (beyond a machine token's scopes), second_factor_needed",
    ),
    404: ("not_found", "not_found: nothing there, or it is of another site; bad_cursor: no such page"),
    406: ("not_acceptable", "not_acceptable: the answer is JSON"),
    410: ("image_missing", "image_missing: the stored file is gone"),
    413: ("too_large", "too_large, too_many_pixels"),
    415: ("unsupported_type", "unsupported_type: no JPEG, PNG or TIFF; unsupported_media_type: no form"),
    409: (
        "sample_refused",
        "accession_taken, duplicate, changed_meanwhile, sample_refused, review_refused: it stands otherwise",
    ),
    412: ("changed_since", "changed_since: somebody was faster; ask again and look"),
    422: (
        "damaged",
        (
            "invalid, key_reused; empty, damaged, too_small, animated, many_pages, deep_colour, "
            "print_colours, no_colour, unsupported_coding, too_many_parts, unfolds, took_too_long, "
            "took_too_much_memory, infected"
        ),
    ),
    429: ("throttled", "throttled: too many requests this minute; Retry-After says when to come again"),
    503: ("database_away", "database_away, scanner_away, decoder_away; Retry-After says when to come again"),
    507: ("storage_full", "storage_full: no room for images"),
}
EVERYWHERE: Final = (401, 403, 429, 503)


class Person(OpenApiAuthenticationExtension):
    """A person's access token."""

    target_class = "allauth.headless.contrib.rest_framework.authentication.JWTTokenAuthentication"
    name = "person"

    def get_security_definition(self, auto_schema: AutoSchema) -> dict[str, Any]:  # noqa: ARG002 -- fixed
        """Say how it is shown."""
        told = "Access token from POST /_allauth/app/v1/auth/login; valid for five minutes."
        return {"type": "http", "scheme": "bearer", "bearerFormat": "JWT", "description": told}


class Machine(OpenApiAuthenticationExtension):
    """A program's own token."""

    target_class = "predictions.api.access.MachineAuthentication"
    name = "machine"

    def get_security_definition(self, auto_schema: AutoSchema) -> dict[str, Any]:  # noqa: ARG002 -- fixed
        """Say how it is shown."""
        told = "Token hvm_... that an admin made; it needs the scope that the operation names."
        return {"type": "http", "scheme": "bearer", "description": told}


class TextTold(OpenApiSerializerFieldExtension):
    """A string of a request."""

    target_class = "predictions.api.strict.Text"
    match_subclasses = True

    def map_serializer_field(self, auto_schema: AutoSchema, direction: str) -> dict[str, Any]:  # noqa: ARG002 -- fixed
        """Say how long it may be and what may be in it."""
        lengths = {"minLength": self.target.min_length, "maxLength": self.target.max_length}
        given = {name: length for name, length in lengths.items() if length is not None}
        return {"type": "string", **given, **self.target.form}


class MomentTold(OpenApiSerializerFieldExtension):
    """A moment of a request."""

    target_class = "predictions.api.strict.Moment"

    def map_serializer_field(self, auto_schema: AutoSchema, direction: str) -> dict[str, Any]:  # noqa: ARG002 -- fixed
        """Say which years it may be in."""
        return {"type": "string", "format": "date-time", "pattern": YEARS}


def refusals(*statuses: int) -> dict[tuple[int, str], OpenApiResponse]:
    """Return the answers of these statuses and of those that every address may give."""
    told = {}
    for status in sorted({*EVERYWHERE, *statuses}):
        code, about = REFUSALS[status]
        example = OpenApiExample(code, value=problem(status, code, "A sentence for people."))
        told[status, MEDIA_TYPE] = OpenApiResponse(Problem, description=about, examples=[example])
    return told


def header(name: str, about: str, *statuses: int) -> OpenApiParameter:
    """Return a header of the answers with these statuses."""
    return OpenApiParameter(name, str, OpenApiParameter.HEADER, description=about, response=list(statuses))


def asked_with(name: str, about: str) -> OpenApiParameter:
    """Return a header that a request may have."""
    return OpenApiParameter(name, str, OpenApiParameter.HEADER, description=about)


IDEMPOTENCY_KEY: Final = OpenApiParameter(
    "Idempotency-Key",
    {"type": "string", "pattern": "^[!-~]{1,200}$"},
    OpenApiParameter.HEADER,
    description="Your name for this request: sent again with it, it does nothing again. Kept for 24 hours.",
)
REPLAYED: Final = header(
    "Idempotent-Replayed", "true: what the first request with this key did.", 200, 201, 202
)
IF_NONE_MATCH: Final = asked_with("If-None-Match", "The ETag that you have: 304 if it is still so.")
ETAG: Final = header("ETag", "Changes with the answer.", 200)
UNCHANGED: Final = {304: OpenApiResponse(description="Still what you have.")}
EXAMPLE: Final = OpenApiExample(
    "One neutrophil",
    response_only=True,
    value={
        "id": "0b0c5a4e-6c0e-4a35-8f6e-0d6f0f6f8f57",
        "sample": None,
        "state": "done",
        "predicted_label": "neutrophil",
        "confidence": 97.31,
        "probabilities": {"neutrophil": 0.9731, "eosinophil": 0.0269},
        "box": [112, 64, 211, 158],
        "abstained": False,
        "reason": "",
        "quality": [],
        "cells": 1,
        "found": [
            {
                "predicted_label": "neutrophil",
                "confidence": 97.31,
                "probabilities": {"neutrophil": 0.9731, "eosinophil": 0.0269},
                "box": [112, 64, 211, 158],
                "abstained": False,
                "reason": "",
            }
        ],
        "image_path": "/api/v1/fields/0b0c5a4e-6c0e-4a35-8f6e-0d6f0f6f8f57/image",
        "width": 320,
        "height": 240,
        "model_version": "1.0.0",
        "model_sha256": "3b65f19c" * 8,
        "failure": None,
        "duplicate_of": None,
        "status_url": "/api/v1/fields/0b0c5a4e-6c0e-4a35-8f6e-0d6f0f6f8f57",
    },
)
SINGLE: Final = {
    "type": "string",
    "enum": ["1", "true", "yes", "on", "0", "false", "no", "off", ""],
    "description": "Whether the picture shows one cell of interest.",
}
FORM: Final[dict[str, Any]] = {
    "type": "object",
    "additionalProperties": False,
    "required": ["file"],
    "properties": {
        "file": {"type": "string", "format": "binary", "description": "One JPEG, PNG or TIFF."},
        "single": SINGLE,
    },
}
KINDS: Final = {"file": {"contentType": "image/jpeg, image/png, image/tiff"}}

predict = extend_schema(
    operation_id="predict",
    summary="An image in, its result out",
    description="Waits for the result, usually a fraction of a second. Scope of a machine token: predict.",
    request={"multipart/form-data": OpenApiRequest(FORM, encoding=KINDS)},
    parameters=[
        IDEMPOTENCY_KEY,
        REPLAYED,
        header("Location", "Where to ask for the result.", 202),
        header("Retry-After", "After how many seconds.", 202, 503),
    ],
    responses={
        200: OpenApiResponse(FieldAnswer, description="The result.", examples=[EXAMPLE]),
        202: OpenApiResponse(FieldAnswer, description="Stored and queued; ask at Location."),
        **refusals(400, 406, 413, 415, 422, 507),
    },
)
field = extend_schema(
    operation_id="field",
    summary="How a field stands, and its result",
    description="Opening a finished result is written into the log. Scope of a machine token: read.",
    parameters=[IF_NONE_MATCH, ETAG],
    responses={
        200: OpenApiResponse(FieldAnswer, description="The field.", examples=[EXAMPLE]),
        **UNCHANGED,
        **refusals(404, 406),
    },
)
image = extend_schema(
    operation_id="field_image",
    summary="The stored image of a field",
    description="Upright and without metadata. Scope of a machine token: read.",
    responses={
        (200, "image/jpeg"): OpenApiTypes.BINARY,
        (200, "image/png"): OpenApiTypes.BINARY,
        **refusals(404, 410),
    },
)
