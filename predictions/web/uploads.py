"""The upload page, and the address that takes one file at a time from it."""

from __future__ import annotations

from dataclasses import dataclass
from http import HTTPStatus
from uuid import UUID

from django.conf import settings
from django.core.files.uploadedfile import UploadedFile
from django.http import Http404, HttpRequest, HttpResponse, JsonResponse
from django.shortcuts import render
from django.urls import reverse
from django.utils.translation import gettext as _
from django.views.decorators.http import require_http_methods, require_POST

from accounts.permissions import Capability
from accounts.web.access import requires, signed_in
from hematovision.core.errors import PortalError
from hematovision.core.origin import Origin
from mlcore.registry.selectors import active_version
from predictions.models import Sample, SmearField
from predictions.services import Submitted, field_submit
from predictions.web.duplicates import told
from predictions.web.pieces import begun_before
from predictions.web.refusals import refusal, refused


@dataclass(frozen=True, slots=True)
class Outcome:
    """What became of one file of a plain form: a field, or the reason why not."""

    name: str
    field: SmearField | None = None
    duplicate_of: SmearField | None = None
    reason: str = ""


@require_http_methods(["GET", "POST"])
@requires(Capability.UPLOAD)
def upload(request: HttpRequest) -> HttpResponse:
    """Show the page; without JavaScript the form sends all files at once and is told what became of each."""
    outcomes = [_outcome(request, file) for file in request.FILES.getlist("files")]
    nothing = request.method == "POST" and not outcomes
    refused = nothing or any(one.reason for one in outcomes)
    context = {
        "outcomes": outcomes,
        "nothing": nothing,
        "model": active_version(),
        "max_mb": settings.UPLOAD_MAX_BYTES // 1024 // 1024,
        "max_bytes": settings.UPLOAD_MAX_BYTES,
        "max_megapixels": settings.UPLOAD_MAX_PIXELS // 1_000_000,
        "max_files": settings.UPLOAD_MAX_FILES,
        "unfinished": begun_before(request, None),
    }
    status = HTTPStatus.UNPROCESSABLE_ENTITY if refused else HTTPStatus.OK
    return render(request, "predictions/upload.html", context, status=status)


@require_POST
@requires(Capability.UPLOAD)
def upload_file(request: HttpRequest) -> JsonResponse:
    """Take one file; 201 with where to look, or the reason why not."""
    return _taken(request, None)


@require_POST
@requires(Capability.UPLOAD)
def sample_file(request: HttpRequest, sample_id: UUID) -> JsonResponse:
    """Take one file as a field of a sample; answers as :func:`upload_file`."""
    try:
        return _taken(request, sample_id)
    except Sample.DoesNotExist as problem:
        raise Http404 from problem


def _taken(request: HttpRequest, sample_id: UUID | None) -> JsonResponse:
    file = request.FILES.get("file")
    if file is None:
        return refusal("no_file", _("No file arrived. Choose it again."), HTTPStatus.BAD_REQUEST)
    try:
        submitted = _submit(request, file, sample_id)
    except PortalError as problem:
        return refused(problem)
    earlier = submitted.duplicate_of
    answer = {
        "id": str(submitted.field.pk),
        "url": reverse("field", args=[submitted.field.pk]),
        "status_url": reverse("field_result", args=[submitted.field.pk]),
        "duplicate_of": told(earlier, sample_id) if earlier else None,
    }
    return JsonResponse(answer, status=HTTPStatus.CREATED)


def _submit(request: HttpRequest, file: UploadedFile, sample_id: UUID | None = None) -> Submitted:
    return field_submit(
        actor=signed_in(request),
        origin=Origin.of(request),
        content=file,  # type: ignore[arg-type]  # Django's file answers read() as BinaryIO does
        name=file.name or "",
        single=bool(request.POST.get("single")),
        sample_id=sample_id,
    )


def _outcome(request: HttpRequest, file: UploadedFile) -> Outcome:
    try:
        submitted = _submit(request, file)
    except PortalError as problem:
        return Outcome(file.name or "", reason=str(problem.message))
    return Outcome(submitted.field.original_name, submitted.field, submitted.duplicate_of)
