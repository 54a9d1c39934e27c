"""The addresses of all fields, of words on cells and of signed reports, as OpenAPI."""

from __future__ import annotations

from drf_spectacular.types import OpenApiTypes
from drf_spectacular.utils import OpenApiExample, OpenApiResponse, extend_schema

from predictions.api.describe import IDEMPOTENCY_KEY, REPLAYED, UNCHANGED, refusals
from predictions.api.described.common import CONDITIONAL, PAGE, example, got
from predictions.api.described.parts import CELL, FIELD, READ, REPORT
from predictions.api.part_shapes import CellStanding, FieldPage, FieldQuery, ReportAnswer, ReviewFacts

REVIEWED = {**CELL, "code": "monocyte", "by_person": True, "changed": True, "seen": 5120}

fields = extend_schema(
    operation_id="fields",
    summary="The fields that you may see",
    description=f"Of samples and without one, newest first. {READ}",
    parameters=[FieldQuery, *PAGE, *CONDITIONAL],
    responses=got(FieldPage, "A page of fields", {"results": [FIELD], "next": None}, 400, 404, 422),
)
reviewed = extend_schema(
    operation_id="cell_review",
    summary="Say what a cell is",
    description=(
        "Gives the cell a class, or confirms the one it has. 409 changed_meanwhile when somebody was faster: "
        "cells says how it stands. Scope of a machine token: review."
    ),
    request=ReviewFacts,
    examples=[OpenApiExample("Reclassify", value={"code": "monocyte", "seen": 0}, request_only=True)],
    parameters=[IDEMPOTENCY_KEY, REPLAYED],
    responses={
        201: OpenApiResponse(CellStanding, description="As it is now.", examples=[example("Now", REVIEWED)]),
        **refusals(400, 404, 406, 409, 413, 415, 422),
    },
)
report = extend_schema(
    operation_id="report",
    summary="A signed version of a report",
    description=f"Opening it is written into the log, but for a 304. {READ}",
    parameters=[*CONDITIONAL],
    responses=got(ReportAnswer, "The version", {**REPORT, "content": {}}, 404),
)
pdf = extend_schema(
    operation_id="report_pdf",
    summary="The file that was signed",
    description=f"Byte for byte; opening it is written into the log. {READ}",
    parameters=[*CONDITIONAL],
    responses={(200, "application/pdf"): OpenApiTypes.BINARY, **UNCHANGED, **refusals(404)},
)
