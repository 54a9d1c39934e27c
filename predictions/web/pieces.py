"""The addresses that take a file in pieces, from the upload page or any other tus client."""

from __future__ import annotations

import json
from http import HTTPStatus
from uuid import UUID

from django.conf import settings
from django.http import HttpRequest, HttpResponse, JsonResponse, UnreadablePostError
from django.urls import reverse
from django.utils.translation import gettext as _
from django.views.decorators.http import require_http_methods

from accounts.permissions import Capability
from accounts.web.access import requires, signed_in
from hematovision.core.origin import Origin
from predictions.errors import DuplicateFound, WrongOffset
from predictions.models import PartialUpload
from predictions.selectors import earlier_same, unfinished
from predictions.services import partial_append, partial_begin, partial_discard
from predictions.web import tus
from predictions.web.duplicates import told
from predictions.web.refusals import refusal


@require_http_methods(["OPTIONS", "POST"])
@requires(Capability.UPLOAD)
@tus.tus
def begin(request: HttpRequest, sample_id: UUID | None = None) -> HttpResponse:
    """Begin a file; 201 with the address for its pieces, or 409 with where the same image already is."""
    if request.method == "OPTIONS":
        return _abilities()
    try:
        upload = partial_begin(
            actor=signed_in(request),
            origin=Origin.of(request),
            announced=tus.announced(request),
            sample_id=sample_id,
        )
    except DuplicateFound as found:
        where = told(found.earlier, sample_id)
        refused = {"code": found.code, "message": str(found.message), "duplicate_of": where}
        return JsonResponse(refused, status=found.status)
    answer = HttpResponse(
        status=HTTPStatus.CREATED, headers={"Location": reverse("pieces", args=[upload.pk])}
    )
    return tus.described(upload, answer)


@require_http_methods(["HEAD", "PATCH", "DELETE"])
@requires(Capability.UPLOAD)
@tus.tus
def pieces(request: HttpRequest, upload_id: UUID) -> HttpResponse:
    """Say how far a file is, take its next piece, or end it.

    Once it is whole, ``Upload-Result`` says as JSON what became of it, also to who asks again later.
    """
    actor, origin = signed_in(request), Origin.of(request)
    if request.method == "HEAD":
        mine = PartialUpload.objects.filter(owner=actor).select_related("field")
        return _state(request, mine.get(pk=upload_id), HTTPStatus.OK)
    if request.method == "DELETE":
        partial_discard(actor=actor, origin=origin, upload_id=upload_id)
        return HttpResponse(status=HTTPStatus.NO_CONTENT)
    try:
        offset, content = tus.piece(request)
        upload = partial_append(
            actor=actor, origin=origin, upload_id=upload_id, offset=offset, content=content
        )
    except UnreadablePostError:
        # The line broke; nobody hears this answer.
        return refusal("broken_off", _("The piece broke off."), HTTPStatus.BAD_REQUEST)
    except WrongOffset as wrong:
        return _state(request, wrong.upload, wrong.status)
    return _state(request, upload, HTTPStatus.NO_CONTENT)


def begun_before(request: HttpRequest, sample_id: UUID | None) -> list[dict[str, str | int | None]]:
    """Return what the person has begun to send into a sample, or into none, and not finished."""
    return [
        {
            "address": reverse("pieces", args=[upload.pk]),
            "name": upload.original_name,
            "size": upload.size,
            "modified": upload.modified,
            "received": upload.received,
        }
        for upload in unfinished(signed_in(request), sample_id)
    ]


def _state(request: HttpRequest, upload: PartialUpload, status: int) -> HttpResponse:
    answer = tus.described(upload, HttpResponse(status=status))
    if upload.field:
        field = upload.field
        earlier = earlier_same(signed_in(request), field.original_sha256, than=field)
        answer["Upload-Result"] = json.dumps(
            {
                "id": str(field.pk),
                "url": reverse("field", args=[field.pk]),
                "status_url": reverse("field_result", args=[field.pk]),
                "duplicate_of": told(earlier, upload.sample_id) if earlier else None,
            }
        )
    return answer


def _abilities() -> HttpResponse:
    headers = {
        "Tus-Version": tus.VERSION,
        "Tus-Extension": tus.EXTENSIONS,
        "Tus-Max-Size": str(settings.UPLOAD_MAX_BYTES),
        "Tus-Checksum-Algorithm": ",".join(tus.CHECKSUMS),
    }
    return HttpResponse(status=HTTPStatus.NO_CONTENT, headers=headers)
