"""Single things beside samples: the list of all fields, words on cells, and signed reports."""

from __future__ import annotations

import json
from http import HTTPStatus
from typing import Any
from uuid import UUID

from django.http import HttpResponse
from rest_framework.request import Request
from rest_framework.response import Response

from accounts.models import MachineToken
from accounts.permissions import Capability, require
from predictions.api import conditional
from predictions.api.asking import actor_of, body, filters, origin_of
from predictions.api.described import records as describe
from predictions.api.idempotent import once
from predictions.api.paging import paged
from predictions.api.part_shapes import FieldQuery, ReviewFacts
from predictions.api.samples import Scoped
from predictions.api.telling import cell_told, field_told, report_told
from predictions.models import Report
from predictions.selectors import cell_trail, fields_listed, visible_reports
from predictions.services import cells_review, report_opened
from predictions.types import FieldFilters


class Fields(Scoped):
    """The fields of all samples, and those of none."""

    @describe.fields
    def get(self, request: Request) -> Response:
        """Return a page of the fields that the person may see."""
        found = fields_listed(request.user, FieldFilters(**filters(request, FieldQuery)))
        page = paged(request, found, lambda rows: [field_told(field) for field in rows])
        return conditional.answer(request, page)


class CellReviews(Scoped):
    """People's word on a cell."""

    writes = MachineToken.Scope.REVIEW

    @describe.reviewed
    def post(self, request: Request, cell_id: UUID) -> Response:
        """Give the cell a class, or confirm the one it has; nobody overwrites what they have not seen."""
        actor = actor_of(request)
        require(actor, Capability.REVIEW_CELLS)
        state, _trail = cell_trail(actor, cell_id)
        given = body(request, ReviewFacts)
        sample_id = state.cell.analysis.field.sample_id
        assert sample_id is not None

        def work() -> Response:
            _sample, states = cells_review(
                actor=actor,
                origin=origin_of(request),
                sample_id=sample_id,
                seen={cell_id: given["seen"]},
                code=given["code"],
            )
            return Response(cell_told(state.cell, states[0]), status=HTTPStatus.CREATED)

        return once(request, work, of_sample=lambda _told: sample_id)


class OneReport(Scoped):
    """A signed version of a report."""

    @describe.report
    def get(self, request: Request, report_id: UUID) -> Response:
        """Return what was signed; opening it is logged."""
        report = visible_reports(request.user).select_related("signed_by", "sample").get(pk=report_id)
        versions = Report.objects.filter(sample=report.sample_id).values_list("version", flat=True)
        told = {**report_told(report, max(versions)), "content": json.loads(report.content)}
        answer = conditional.answer(request, told)
        if answer.status_code == HTTPStatus.OK:
            report_opened(actor=actor_of(request), origin=origin_of(request), report=report)
        return answer


class ReportPdf(Scoped):
    """The file that was signed."""

    def perform_content_negotiation(self, request: Request, force: bool = False) -> Any:  # noqa: ARG002, FBT001, FBT002 -- fixed by the framework
        """Let whoever asks for a PDF by ``Accept`` have it; only a refusal is JSON."""
        return super().perform_content_negotiation(request, force=True)

    @describe.pdf
    def get(self, request: Request, report_id: UUID) -> HttpResponse | Response:
        """Send the file, byte for byte as it was signed; opening it is logged."""
        report = visible_reports(request.user).select_related("sample").get(pk=report_id)
        if conditional.holds(request.headers, report.sha256):
            return Response(status=HTTPStatus.NOT_MODIFIED, headers={"ETag": f'"{report.sha256}"'})
        report_opened(actor=actor_of(request), origin=origin_of(request), report=report)
        headers = {
            "ETag": f'"{report.sha256}"',
            "Content-Disposition": f'inline; filename="report-{report.version}.pdf"',
            "Cache-Control": "private, no-store",
            "X-Content-Type-Options": "nosniff",
        }
        return HttpResponse(bytes(report.pdf), content_type="application/pdf", headers=headers)
