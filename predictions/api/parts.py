"""What belongs to a sample: its fields, cells, differential, reports and events."""

from __future__ import annotations

import hashlib
from collections.abc import Sequence
from http import HTTPStatus
from typing import Any, BinaryIO, cast
from uuid import UUID

from django.core.files.uploadedfile import UploadedFile
from django.utils.translation import gettext as _
from rest_framework.request import Request
from rest_framework.response import Response

from accounts.permissions import Capability, require
from predictions.api import conditional
from predictions.api.asking import actor_of, filters, only_file, only_known, origin_of, yes
from predictions.api.described import parts as describe
from predictions.api.idempotent import REPLAYED, Also, asked_by, uploaded_once
from predictions.api.paging import paged
from predictions.api.representation import represent
from predictions.api.samples import Scoped
from predictions.api.telling import cell_told, differential_told, event_told, field_told, report_told
from predictions.api.views import Uploading
from predictions.errors import DuplicateFound
from predictions.models import Cell, Report, Sample, SampleEvent, SmearField
from predictions.selectors import cell_states, cells_of, fields_listed, visible_reports, visible_samples
from predictions.services import Submitted, field_submit
from predictions.types import FieldFilters


def _sample(request: Request, sample_id: UUID) -> Sample:
    return visible_samples(request.user).get(pk=sample_id)


class SampleFields(Uploading, Scoped):
    """The fields of a sample; adding one."""

    @describe.fields
    def get(self, request: Request, sample_id: UUID) -> Response:
        """Return a page of the sample's fields."""
        filters(request)
        sample = _sample(request, sample_id)
        found = fields_listed(request.user, FieldFilters(sample=sample.pk))
        page = paged(request, found, lambda rows: [field_told(field) for field in rows])
        return conditional.answer(request, page)

    @describe.added
    def post(self, request: Request, sample_id: UUID) -> Response:
        """Take one image as a field of the sample and queue it; the same bytes twice only with ``again``."""
        actor, origin = actor_of(request), origin_of(request)
        require(actor, Capability.UPLOAD)
        sample = _sample(request, sample_id)
        file = only_file(request)
        only_known(request, describe.FORM_OF_SAMPLE)
        single, again = yes(request, "single"), yes(request, "again")

        def submit(also: Also | None) -> Submitted:
            def hold(field: SmearField) -> None:
                # The key first: a parallel request with the same key is answered, not refused.
                if also:
                    also(field)
                if not again:
                    _must_be_new(sample, field.original_sha256, than=field)

            if not again:
                _must_be_new(sample, _sha256(file))
            content = cast("BinaryIO", file)
            name = file.name or ""
            return field_submit(
                actor=actor,
                origin=origin,
                content=content,
                name=name,
                single=single,
                sample_id=sample.pk,
                also=hold,
            )

        made, replayed = uploaded_once(asked_by(request), submit)
        told = represent(made.field, duplicate_of=made.duplicate_of)
        headers = {"Location": told["status_url"], **(REPLAYED if replayed else {})}
        return Response(told, status=HTTPStatus.CREATED, headers=headers)


class SampleCells(Scoped):
    """The cells of a sample as they stand."""

    @describe.cells
    def get(self, request: Request, sample_id: UUID) -> Response:
        """Return a page of the cells, by field and number."""
        filters(request)
        sample = _sample(request, sample_id)

        def told(cells: Sequence[Cell]) -> list[dict[str, Any]]:
            states = {state.cell.pk: state for state in cell_states(sample, [cell.pk for cell in cells])}
            return [cell_told(cell, states[cell.pk]) for cell in cells]

        by = ("analysis__field__created_at", "analysis__field_id", "number")
        cells = cells_of(sample).select_related("analysis__field")
        return conditional.answer(request, paged(request, cells, told, by=by, newest_first=False))


class SampleDifferential(Scoped):
    """The differential of a sample."""

    @describe.differential
    def get(self, request: Request, sample_id: UUID) -> Response:
        """Return the count as it stands."""
        return conditional.answer(request, differential_told(_sample(request, sample_id)))


class SampleReports(Scoped):
    """The signed versions of a sample's report."""

    @describe.reports
    def get(self, request: Request, sample_id: UUID) -> Response:
        """Return the versions, newest first."""
        filters(request)
        sample = _sample(request, sample_id)
        found = visible_reports(request.user).filter(sample=sample).defer("pdf", "content")
        newest = max(found.values_list("version", flat=True), default=0)

        def told(rows: Sequence[Report]) -> list[dict[str, Any]]:
            return [report_told(report, newest) for report in rows]

        page = paged(request, found.select_related("signed_by"), told, by=("version",))
        return conditional.answer(request, page)


class SampleEvents(Scoped):
    """What happened to a sample."""

    @describe.events
    def get(self, request: Request, sample_id: UUID) -> Response:
        """Return a page of the events, newest first."""
        filters(request)
        found = SampleEvent.objects.filter(sample=_sample(request, sample_id)).select_related("actor")
        page = paged(request, found, lambda rows: [event_told(event) for event in rows], by=("revision",))
        return conditional.answer(request, page)


def _sha256(file: UploadedFile) -> str:
    sha256 = hashlib.sha256()
    for chunk in file.chunks():
        sha256.update(chunk)
    file.seek(0)
    return sha256.hexdigest()


def _must_be_new(sample: Sample, sha256: str, *, than: SmearField | None = None) -> None:
    """Refuse bytes of which the sample has a field: the same cells would be counted twice."""
    same = SmearField.objects.filter(sample=sample, original_sha256=sha256)
    if than:
        same = same.exclude(pk=than.pk)
    earlier = same.order_by("created_at", "id").first()
    if earlier:
        text = _("This sample has this image already. Nothing was stored; send “again” if you mean it.")
        raise DuplicateFound(text, earlier)
