"""What the addresses of FHIR take and answer, as OpenAPI."""

from __future__ import annotations

from typing import Any, Final

from drf_spectacular.utils import OpenApiExample, OpenApiRequest, OpenApiResponse, extend_schema

from predictions.api.describe import ETAG, IDEMPOTENCY_KEY, IF_NONE_MATCH, REPLAYED, UNCHANGED, header
from predictions.api.outcome import MEDIA_TYPE

REFUSED: Final = {
    400: (
        "structure",
        "parse_error",
        "parse_error: no JSON that can be read; bad_value: no Idempotency-Key that can be taken",
    ),
    401: ("login", "not_authenticated", "not_authenticated, authentication_failed"),
    403: ("forbidden", "not_allowed", "not_allowed, scope_missing, second_factor_needed"),
    404: ("not-found", "not_found", "There is none, or it belongs to another site: not_found"),
    406: ("not-supported", "not_acceptable", "not_acceptable: the answer is FHIR's JSON"),
    409: ("duplicate", "order_taken", "order_taken: placed before; accession_taken: another sample's number"),
    413: ("too-long", "too_large", "too_large: more than 256 KB"),
    415: ("not-supported", "unsupported_media_type", "unsupported_media_type: no JSON"),
    422: ("invalid", "order_invalid", "order_invalid: every issue says where; key_reused"),
    429: ("throttled", "throttled", "throttled: Retry-After says when to come again"),
    503: ("transient", "database_away", "database_away; Retry-After says when to come again"),
}
RESOURCE: Final = {
    "type": "object",
    "required": ["resourceType"],
    "properties": {"resourceType": {"type": "string"}},
    "additionalProperties": True,
}
ORDER: Final[dict[str, Any]] = {
    "resourceType": "ServiceRequest",
    "status": "active",
    "intent": "order",
    "identifier": [{"system": "https://lis.example.org/orders", "value": "ORD-20261121-0042"}],
    "code": {"coding": [{"system": "http://loinc.org", "code": "69738-3"}]},
    "subject": {"reference": "#patient"},
    "requester": {"display": "Dr S. O'Connor, Ward 4"},
    "specimen": [{"reference": "#specimen"}],
    "supportingInfo": [{"reference": "#wbc"}],
    "contained": [
        {
            "resourceType": "Patient",
            "id": "patient",
            "identifier": [{"system": "https://lis.example.org/patients", "value": "P-7731"}],
            "gender": "female",
            "birthDate": "1961-04-02",
        },
        {
            "resourceType": "Specimen",
            "id": "specimen",
            "accessionIdentifier": {"value": "HV-26-004817"},
            "collection": {"collectedDateTime": "2026-11-21T09:12:00+01:00"},
        },
        {
            "resourceType": "Observation",
            "id": "wbc",
            "status": "final",
            "code": {"coding": [{"system": "http://loinc.org", "code": "6690-2"}]},
            "valueQuantity": {"value": 14.5, "system": "http://unitsofmeasure.org", "code": "10*9/L"},
        },
    ],
}


LOINC: Final = "http://loinc.org"


def words(most: int, form: str = r"^[^\x00]*\S[^\x00]*$") -> dict[str, Any]:
    """Return the shape of a text of so many letters at most."""
    return {"type": "string", "pattern": form, "maxLength": most}


def whole(required: tuple[str, ...], **parts: Any) -> dict[str, Any]:
    """Return the shape of an element with these parts and no others."""
    return {
        "type": "object",
        "required": list(required),
        "properties": parts,
        "additionalProperties": False,
    }


def some(of: dict[str, Any]) -> dict[str, Any]:
    """Return the shape of a list with one element at least."""
    return {"type": "array", "minItems": 1, "items": of}


def one_of(*choices: str) -> dict[str, Any]:
    """Return the shape of a word."""
    return {"type": "string", "enum": list(choices)}


def coded(code: str) -> dict[str, Any]:
    """Return the shape of a LOINC code."""
    coding = whole(("system", "code"), system=one_of(LOINC), code=one_of(code))
    return whole(("coding",), coding=some(coding))


# What is read of an order. Whatever else R4 knows is taken too, and read over.
ORDER_SHAPE: Final = whole(
    ("resourceType", "status", "intent", "identifier", "code", "subject", "specimen"),
    resourceType=one_of("ServiceRequest"),
    status=one_of("active"),
    intent=one_of("order", "original-order", "reflex-order", "filler-order", "instance-order"),
    identifier=some(whole(("system", "value"), system=words(255), value=words(128))),
    code=coded("69738-3"),
    subject=whole(("identifier",), identifier=whole(("value",), system=words(255), value=words(64))),
    specimen=some(
        whole(
            ("identifier",),
            identifier=whole(("value",), value=words(32, r"^[A-Za-z0-9][A-Za-z0-9./-]{1,30}[A-Za-z0-9]$")),
        )
    ),
    requester=whole(("display",), display={"type": "string", "pattern": r"^[^\x00]*\S[^\x00]*$"}),
)


def refused(*statuses: int) -> dict[tuple[int, str], OpenApiResponse]:
    """Return these refusals as OperationOutcomes, with those that every address may give."""
    told = {}
    for status in sorted({401, 403, 406, 429, 503, *statuses}):
        kind, code, about = REFUSED[status]
        details = {"coding": [{"code": code}], "text": "A sentence for people."}
        issue = {"severity": "error", "code": kind, "details": details}
        example = OpenApiExample(code, value={"resourceType": "OperationOutcome", "issue": [issue]})
        told[status, MEDIA_TYPE] = OpenApiResponse(RESOURCE, description=about, examples=[example])
    return told


def answered(status: int, about: str) -> dict[tuple[int, str], OpenApiResponse]:
    """Return an answer under both names of JSON."""
    told = OpenApiResponse(RESOURCE, description=about)
    return {(status, media): told for media in (MEDIA_TYPE, "application/json")}


SAMPLE: Final = header("Link", 'The address of the sample, with rel="related".', 200, 201, 304)
report = extend_schema(
    operation_id="report_fhir",
    summary="A signed report as a FHIR R4 Bundle",
    description="Taking it is written into the log, but for a 304. Scope of a machine token: read.",
    parameters=[
        header("Link", "The newest version, where this one has been replaced.", 200, 304),
        *(IF_NONE_MATCH, ETAG),
    ],
    responses={**answered(200, "The Bundle."), **UNCHANGED, **refused(404)},
)
order = extend_schema(
    operation_id="order_place",
    summary="A FHIR R4 ServiceRequest in, a sample that waits for its images out",
    description="An order counts once, by its identifier. Scope of a machine token: orders.",
    request={
        media: OpenApiRequest(ORDER_SHAPE, examples=[OpenApiExample("order", value=ORDER)])
        for media in (MEDIA_TYPE, "application/json")
    },
    parameters=[IDEMPOTENCY_KEY, REPLAYED, header("Location", "The order.", 201), SAMPLE],
    responses={
        **answered(201, "The order as it was taken."),
        **refused(400, 409, 413, 415, 422),
    },
)
placed = extend_schema(
    operation_id="order",
    summary="An order that was placed here, as a FHIR R4 ServiceRequest",
    description="Its status is completed once the report is signed, revoked where the sample was cancelled. "
    "Reading it is written into the log, but for a 304. Scope of a machine token: orders.",
    parameters=[SAMPLE, IF_NONE_MATCH, ETAG],
    responses={**answered(200, "The order."), **UNCHANGED, **refused(404)},
)
metadata = extend_schema(
    operation_id="fhir_metadata",
    summary="What this server can do, as a FHIR R4 CapabilityStatement",
    auth=[],
    responses={
        **answered(200, "The statement."),
        (406, MEDIA_TYPE): refused()[406, MEDIA_TYPE],
    },
)
