"""The addresses of samples, as OpenAPI."""

from __future__ import annotations

from typing import Final

from drf_spectacular.utils import OpenApiExample, OpenApiResponse, extend_schema

from predictions.api.describe import ETAG, IDEMPOTENCY_KEY, REPLAYED, asked_with, refusals
from predictions.api.described.common import CONDITIONAL, KEY, LOCATION, PAGE, example, got
from predictions.api.sample_shapes import (
    LINKS,
    SampleAnswer,
    SampleFacts,
    SampleNames,
    SamplePage,
    SampleQuery,
)

GIVEN: Final = {
    "accession": "HV-26-0412",
    "patient_reference": "P-7311",
    "sex": "female",
    "age_value": 47,
    "age_unit": "years",
    "wbc": 6.4,
    "collected_at": "2026-03-02T07:40:00+01:00",
    "target": 100,
}
SAMPLE: Final = {
    "id": KEY,
    **GIVEN,
    "instrument": "",
    "stain": "",
    "received_at": "2026-03-02T08:15:00+01:00",
    "requester": "",
    "note": "",
    "training_opt_out": False,
    "state": "receiving",
    "revision": 1,
    "flags": [],
    "fields": 0,
    "site": "6f1b1d0e-2f5e-4c0e-9d53-2f4f2f0f5b11",
    "created_by": "9a5cc1de-6f3c-4f0b-8e0d-0b6d5fd9a7c2",
    "created_at": "2026-03-02T08:15:03.120000+01:00",
    "links": {name: f"/api/v1/samples/{KEY}/{name}" for name in LINKS if name not in {"self", "page"}}
    | {"self": f"/api/v1/samples/{KEY}", "page": f"/samples/{KEY}/"},
}
PAGE_OF_ONE: Final = {"results": [SAMPLE], "next": None}
ASKED: Final = OpenApiExample("A sample", value=GIVEN, request_only=True)

listed = extend_schema(
    operation_id="samples",
    summary="The samples that you may see",
    description="By receipt, newest first. Scope of a machine token: read.",
    parameters=[SampleQuery, *PAGE, *CONDITIONAL],
    responses=got(SamplePage, "A page of samples", PAGE_OF_ONE, 400, 404, 422),
)
created = extend_schema(
    operation_id="sample_create",
    summary="Register a sample",
    description="It belongs to your site and takes images then. Scope of a machine token: samples.",
    request=SampleFacts,
    examples=[ASKED],
    parameters=[IDEMPOTENCY_KEY, REPLAYED, LOCATION],
    responses={
        201: OpenApiResponse(SampleAnswer, description="Registered.", examples=[example("New", SAMPLE)]),
        **refusals(400, 406, 409, 413, 415, 422),
    },
)
searched = extend_schema(
    operation_id="sample_search",
    summary="Find samples by accession number or patient reference",
    description="In the body, since addresses stand in logs. Scope of a machine token: read.",
    request=SampleNames,
    examples=[OpenApiExample("By number", value={"accession": "HV-26-0412"}, request_only=True)],
    parameters=[*PAGE],
    responses={
        200: OpenApiResponse(SamplePage, description="What fits.", examples=[example("One", PAGE_OF_ONE)]),
        **refusals(400, 404, 406, 413, 415, 422),
    },
)
one = extend_schema(
    operation_id="sample",
    summary="A sample",
    description="Opening it is written into the log, but for a 304. Scope of a machine token: read.",
    parameters=[*CONDITIONAL],
    responses=got(SampleAnswer, "The sample", SAMPLE, 404),
)
changed = extend_schema(
    operation_id="sample_change",
    summary="Change the details of a sample",
    description="What is given is changed, the rest stays. Scope of a machine token: samples.",
    request=SampleFacts,
    examples=[OpenApiExample("A note", value={"note": "Haemolytic."}, request_only=True)],
    parameters=[
        asked_with("If-Match", "The ETag of the sample that you saw: 412 if it has changed since."),
        ETAG,
    ],
    responses={
        200: OpenApiResponse(SampleAnswer, description="As it is now.", examples=[example("Now", SAMPLE)]),
        **refusals(400, 404, 406, 409, 412, 413, 415, 422),
    },
)
submitted = extend_schema(
    operation_id="sample_submit",
    summary="Hand a reviewed sample to the doctor",
    description="Scope of a machine token: review. Signing is done by a doctor on the page.",
    request=None,
    parameters=[IDEMPOTENCY_KEY, REPLAYED],
    responses={
        200: OpenApiResponse(
            SampleAnswer,
            description="With the doctor now.",
            examples=[example("Submitted", {**SAMPLE, "state": "in_review", "revision": 41})],
        ),
        **refusals(400, 404, 406, 409, 413, 415, 422),
    },
)
