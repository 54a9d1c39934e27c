"""Many images in one request, and an answer for each."""

from __future__ import annotations

import hashlib
from dataclasses import replace
from http import HTTPStatus
from typing import Any, BinaryIO, cast

from django.conf import settings
from django.core.files.uploadedfile import UploadedFile
from django.utils.translation import gettext as _
from rest_framework.request import Request
from rest_framework.response import Response

from accounts.models import MachineToken
from accounts.permissions import Capability, require
from hematovision.core.errors import PortalError
from predictions.api import describe_batch, errors
from predictions.api.asking import actor_of, only_known, origin_of, yes
from predictions.api.idempotent import REPLAYED, Also, asked_by, uploaded_once
from predictions.api.representation import represent
from predictions.api.views import Uploading
from predictions.errors import BadValue, UploadRefused
from predictions.models import SmearField
from predictions.services import Submitted, field_submit, results_awaited
from predictions.services.idempotency import Asked, key_taken


class PredictBatch(Uploading):
    """Images in, a result or the reason why not for each."""

    scope = MachineToken.Scope.PREDICT
    largest = "PREDICT_BATCH_BYTES"

    @describe_batch.predict_batch
    def post(self, request: Request) -> Response:
        """Take the files one after the other, then wait once for all results: 200 with them, or 202."""
        require(actor_of(request), Capability.UPLOAD)
        files = _files(request)
        only_known(request, describe_batch.FORM_OF_MANY)
        single, seconds = yes(request, "single"), _seconds(request)
        asked = asked_by(request)
        # The key names the request here and, with its number, each file where that is stored.
        new = asked is None or key_taken(asked)[1]
        taken = [
            _taken(request, file, single=single, asked=_of_file(asked, n)) for n, file in enumerate(files)
        ]
        stored = [one for one in taken if isinstance(one, Submitted)]
        ended = results_awaited([one.field for one in stored], seconds=seconds)
        answers = [_told(one) if isinstance(one, Submitted) else one for one in taken]
        headers = {} if new else dict(REPLAYED)
        if ended:
            return Response({"results": answers}, headers=headers)
        headers["Retry-After"] = "2"
        return Response({"results": answers}, status=HTTPStatus.ACCEPTED, headers=headers)


def _taken(
    request: Request, file: UploadedFile, *, single: bool, asked: Asked | None
) -> Submitted | dict[str, Any]:
    """Return what became of one file: a field, or what a request of its own would be refused with."""

    def submit(also: Also | None) -> Submitted:
        return field_submit(
            actor=actor_of(request),
            origin=origin_of(request),
            content=cast("BinaryIO", file),
            name=file.name or "",
            single=single,
            also=also,
        )

    try:
        return uploaded_once(asked, submit)[0]
    except (PortalError, SmearField.DoesNotExist) as error:
        return _refused(error)


def _refused(error: Exception) -> dict[str, Any]:
    """Return the refusal of one file as it stands among the answers."""
    refusal = errors.answer(error, {})
    assert refusal is not None
    later = refusal.get("Retry-After")
    return {**refusal.data, **({"retry_after": int(later)} if later else {})}


def _of_file(asked: Asked | None, number: int) -> Asked | None:
    """Return the key of one file of the request; hashed, since with the number it could be too long."""
    if asked is None:
        return None
    return replace(asked, key=f"{hashlib.sha256(asked.key.encode()).hexdigest()}/{number}")


def _told(submitted: Submitted) -> dict[str, Any]:
    return represent(submitted.field, duplicate_of=submitted.duplicate_of)


def _files(request: Request) -> list[UploadedFile]:
    """Return the files in their order."""
    files = request.FILES.getlist("file")
    if not files or len(request.FILES) > 1:
        text = _("Send each image as multipart field “file”, and no file under another name.")
        raise UploadRefused("no_file", text, HTTPStatus.BAD_REQUEST)
    if len(files) > settings.PREDICT_BATCH_FILES:
        text = _("The request holds %(count)d files. Send at most %(most)d at a time; nothing was stored.")
        told = {"count": len(files), "most": settings.PREDICT_BATCH_FILES}
        raise UploadRefused("too_many_files", text % told, HTTPStatus.BAD_REQUEST)
    return files


def _seconds(request: Request) -> int:
    """Return for how many seconds the sender waits, at most as long as the portal lets anybody."""
    word = request.POST.get("wait", "") or str(settings.PREDICT_WAIT_SECONDS)
    if word.isascii() and word.isdigit():
        return int(min(float(word), settings.PREDICT_WAIT_SECONDS))
    raise BadValue(_("“wait” takes a number of whole seconds. Nothing was stored."))
