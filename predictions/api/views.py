"""Version 1 of the API: the same services and permissions as the pages."""

from __future__ import annotations

from http import HTTPStatus
from typing import Any, BinaryIO, cast
from uuid import UUID

from django.conf import settings
from django.http import FileResponse
from django.utils.translation import gettext as _
from rest_framework.parsers import MultiPartParser
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.views import APIView

from accounts.models import MachineToken
from predictions.api import conditional, describe
from predictions.api.asking import actor_of, only_file, only_known, origin_of, yes
from predictions.api.idempotent import REPLAYED, asked_by, uploaded_once
from predictions.api.representation import represent
from predictions.errors import UploadRefused
from predictions.selectors import visible_fields
from predictions.services import field_opened, field_submit, result_awaited
from predictions.states import JobState

# What a multipart request holds besides its files: boundaries, headers, small fields.
FRAME_BYTES = 64 * 1024
ENDED = (JobState.DONE, JobState.FAILED)


class Uploading(APIView):
    """Takes images, together no larger than the setting that ``largest`` names says."""

    parser_classes = [MultiPartParser]
    largest = "UPLOAD_MAX_BYTES"

    def initial(self, request: Request, *args: Any, **kwargs: Any) -> None:
        """Refuse a request that is too large by its header, before any of it is read."""
        most = getattr(settings, self.largest)
        if int(request.META.get("CONTENT_LENGTH") or 0) > most + FRAME_BYTES:
            text = _("The request is larger than %(limit)d MB. Send less at a time; nothing was stored.")
            status = HTTPStatus.REQUEST_ENTITY_TOO_LARGE
            raise UploadRefused("too_large", text % {"limit": most // 1024 // 1024}, status)
        super().initial(request, *args, **kwargs)


class Predict(Uploading):
    """An image in, its result out."""

    scope = MachineToken.Scope.PREDICT

    @describe.predict
    def post(self, request: Request) -> Response:
        """Take the file, wait for its result up to the limit, and answer 200 with it or 202 without."""
        file = only_file(request)
        only_known(request, describe.FORM)
        single = yes(request, "single")
        submitted, replayed = uploaded_once(
            asked_by(request),
            lambda also: field_submit(
                actor=actor_of(request),
                origin=origin_of(request),
                content=cast("BinaryIO", file),
                name=file.name or "",
                single=single,
                also=also,
            ),
        )
        headers = REPLAYED if replayed else {}
        ended = result_awaited(submitted.field, seconds=settings.PREDICT_WAIT_SECONDS)
        body = represent(submitted.field, duplicate_of=submitted.duplicate_of)
        if ended:
            return Response(body, headers=headers)
        headers = {**headers, "Location": body["status_url"], "Retry-After": "2"}
        return Response(body, status=HTTPStatus.ACCEPTED, headers=headers)


class Field(APIView):
    """How a field stands, and its result."""

    scope = MachineToken.Scope.READ

    @describe.field
    def get(self, request: Request, field_id: UUID) -> Response:
        """Return the field; opening a result is logged, asking whether there is one is not."""
        field = visible_fields(request.user).select_related("image", "job").get(pk=field_id)
        answer = conditional.answer(request, represent(field))
        # Whoever has it already, and is told just that, has not opened it again.
        if field.job.state in ENDED and answer.status_code == HTTPStatus.OK:
            field_opened(actor=actor_of(request), origin=origin_of(request), field=field)
        return answer


class FieldImage(APIView):
    """The stored image of a field."""

    scope = MachineToken.Scope.READ

    def perform_content_negotiation(self, request: Request, force: bool = False) -> Any:  # noqa: ARG002, FBT001, FBT002 -- fixed by the framework
        """Let whoever asks for an image by ``Accept`` have it; only a refusal is JSON."""
        return super().perform_content_negotiation(request, force=True)

    @describe.image
    def get(self, request: Request, field_id: UUID) -> FileResponse:
        """Send the cleaned image to whoever may see the field; nobody in between keeps a copy."""
        image = visible_fields(request.user).select_related("image").get(pk=field_id).image
        headers = {"Cache-Control": "private, no-store", "X-Content-Type-Options": "nosniff"}
        return FileResponse(image.open(), content_type=image.media_type, headers=headers)
