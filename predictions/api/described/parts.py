"""The addresses of what belongs to a sample, as OpenAPI."""

from __future__ import annotations

from typing import Any, Final

from drf_spectacular.utils import OpenApiRequest, OpenApiResponse, extend_schema

from predictions.api.describe import EXAMPLE, FORM, IDEMPOTENCY_KEY, KINDS, REPLAYED, SINGLE, refusals
from predictions.api.described.common import CONDITIONAL, KEY, LOCATION, PAGE, got
from predictions.api.part_shapes import CellPage, DifferentialAnswer, EventPage, FieldPage, ReportPage
from predictions.api.shapes import FieldAnswer

FIELD: Final = {
    "id": "2d7bb0f7-8d0c-4c75-8d58-6b3c2c4dfb0a",
    "state": "done",
    "sample": KEY,
    "single": False,
    "width": 1600,
    "height": 1200,
    "failure": None,
    "site": "6f1b1d0e-2f5e-4c0e-9d53-2f4f2f0f5b11",
    "created_by": "9a5cc1de-6f3c-4f0b-8e0d-0b6d5fd9a7c2",
    "created_at": "2026-03-02T08:16:10.002000+01:00",
    "links": {
        "self": "/api/v1/fields/2d7bb0f7-8d0c-4c75-8d58-6b3c2c4dfb0a",
        "image": "/api/v1/fields/2d7bb0f7-8d0c-4c75-8d58-6b3c2c4dfb0a/image",
    },
}
CELL: Final[dict[str, Any]] = {
    "id": "71f0f7a5-5f3d-4a07-a6d3-3ce1f2f0d2a4",
    "field": FIELD["id"],
    "number": 1,
    "box": [112, 64, 211, 158],
    "predicted_label": "neutrophil",
    "confidence": 97.31,
    "probabilities": {"neutrophil": 0.9731, "eosinophil": 0.0269},
    "abstained": False,
    "reason": "",
    "code": "neutrophil",
    "by_person": False,
    "changed": False,
    "seen": 0,
    "reviewed_by": None,
    "reviewed_at": None,
    "links": {
        "field": f"/api/v1/fields/{FIELD['id']}",
        "reviews": "/api/v1/cells/71f0f7a5-5f3d-4a07-a6d3-3ce1f2f0d2a4/reviews",
    },
}
COUNT: Final = {
    "sample": KEY,
    "revision": 12,
    "target": 100,
    "counted": 100,
    "rows": [
        {
            "code": "neutrophil",
            "name": "Neutrophil",
            "count": 62,
            "percent": 62.0,
            "percent_low": 51.75,
            "percent_high": 71.52,
            "absolute": 3.968,
            "absolute_low": 3.312,
            "absolute_high": 4.577,
            "range": {"quantity": "percent", "low": 40.0, "high": 75.0},
            "flag": "",
            "certain": True,
        }
    ],
    "unidentified": 0,
    "nrbc": 0,
    "nrbc_per_100": 0.0,
    "wbc": 6.4,
    "corrected_wbc": 6.4,
    "smudges": 1,
    "smudge_policy": "apart",
    "platelets": 0,
    "artefacts": 2,
    "flags": [],
    "criticals": [],
    "blocks": [],
    "notes": [],
    "rules_version": 3,
    "model_versions": ["1.0.0"],
}
REPORT: Final[dict[str, Any]] = {
    "id": "c9f2d7c2-7d0b-4b92-9df4-3a7a3b1fa0f5",
    "sample": KEY,
    "version": 1,
    "superseded": False,
    "reason": "",
    "signed_by": "Dr. L. Ortega",
    "signed_at": "2026-03-02T09:02:11.400000+01:00",
    "code": "7K2M-Q9XD-4TRB-W0HN",
    "sha256": "3b65f19c" * 8,
    "links": {
        "self": "/api/v1/reports/c9f2d7c2-7d0b-4b92-9df4-3a7a3b1fa0f5",
        "pdf": "/api/v1/reports/c9f2d7c2-7d0b-4b92-9df4-3a7a3b1fa0f5/pdf",
    },
}
EVENT: Final = {
    "revision": 12,
    "kind": "reviewed",
    "at": "2026-03-02T08:31:00.512000+01:00",
    "by": "A. Novak",
    "detail": {"cells": 3, "code": "monocyte", "kind": "reclassified", "from": ["lymphocyte"]},
}
AGAIN: Final = {
    **SINGLE,
    "description": "Whether the same bytes may come twice.",
}
FORM_OF_SAMPLE: Final = {**FORM, "properties": {**FORM["properties"], "again": AGAIN}}
READ: Final = "Scope of a machine token: read."


def _page(result: dict[str, Any]) -> dict[str, Any]:
    return {"results": [result], "next": None}


fields = extend_schema(
    operation_id="sample_fields",
    summary="The fields of a sample",
    description=f"Newest first. {READ}",
    parameters=[*PAGE, *CONDITIONAL],
    responses=got(FieldPage, "A page of fields", _page(FIELD), 400, 404, 422),
)
added = extend_schema(
    operation_id="sample_field_add",
    summary="Add an image to a sample",
    description=(
        "Answers once it is stored and queued; ask for the result at Location. "
        "Scope of a machine token: samples."
    ),
    request={"multipart/form-data": OpenApiRequest(FORM_OF_SAMPLE, encoding=KINDS)},
    parameters=[IDEMPOTENCY_KEY, REPLAYED, LOCATION],
    responses={
        201: OpenApiResponse(FieldAnswer, description="Stored and queued.", examples=[EXAMPLE]),
        **refusals(400, 404, 406, 409, 413, 415, 422, 507),
    },
)
cells = extend_schema(
    operation_id="sample_cells",
    summary="The cells of a sample as they stand",
    description=f"By field and number. {READ}",
    parameters=[*PAGE, *CONDITIONAL],
    responses=got(CellPage, "A page of cells", _page(CELL), 400, 404, 422),
)
differential = extend_schema(
    operation_id="sample_differential",
    summary="The differential of a sample as it stands",
    description=f"Counts, percent, exact intervals, reference ranges and what is flagged. {READ}",
    parameters=[*CONDITIONAL],
    responses=got(DifferentialAnswer, "The count", COUNT, 404),
)
reports = extend_schema(
    operation_id="sample_reports",
    summary="The signed versions of a sample's report",
    description=f"Newest first. {READ}",
    parameters=[*PAGE, *CONDITIONAL],
    responses=got(ReportPage, "A page of versions", _page(REPORT), 400, 404, 422),
)
events = extend_schema(
    operation_id="sample_events",
    summary="What happened to a sample",
    description=f"Newest first. {READ}",
    parameters=[*PAGE, *CONDITIONAL],
    responses=got(EventPage, "A page of events", _page(EVENT), 400, 404, 422),
)
