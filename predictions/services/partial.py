"""Taking a file in pieces: over a bad line no more is sent again than the piece that broke.

The row says how many bytes have come. It is locked while a piece is added, so two tabs cannot interleave, and
committed after the bytes are on the disk. The whole file then goes the way of every one, ``field_submit``.
"""

from __future__ import annotations

from http import HTTPStatus
from uuid import UUID

from django.db import transaction
from django.utils.translation import gettext as _

from accounts.audit.record import JSON, record
from accounts.models import User
from accounts.permissions import Capability, require
from hematovision.core.origin import Origin
from predictions.errors import (
    PartialGone,
    SampleRefused,
    StorageFull,
    UploadRefused,
    WrongOffset,
)
from predictions.models import PartialUpload, SmearField
from predictions.pipeline import pieces
from predictions.services.fields import must_take
from predictions.services.submit import field_submit

# What the tus protocol answers where a checksum does not fit.
CHECKSUM_MISMATCH = 460


class _FinishedElsewhere(Exception):  # noqa: N818 -- no error: another request was first
    """The same upload became a field meanwhile."""


def partial_append(
    *, actor: User, origin: Origin, upload_id: UUID, offset: int, content: bytes
) -> PartialUpload:
    """Add the next piece; the last one makes the field, which ``field`` of the answer then is.

    An empty piece at the end finishes an upload whose making of the field was interrupted.

    Raises:
        PermissionDenied: the actor's role may not upload.
        PartialUpload.DoesNotExist: the actor has begun no such upload, or it is over.
        Sample.DoesNotExist: the actor may no longer see the sample.
        WrongOffset: the piece does not begin where the last one ended; nothing was added.
        UploadRefused, SampleRefused: as by :func:`field_submit`; nothing was kept.
        PartialGone: the earlier pieces are lost; the upload is over.
        StorageFull: there is no room; the earlier pieces are kept.
        QuotaReached: the actor may store no more today; the pieces are kept, an empty one tries again.
    """
    require(actor, Capability.UPLOAD)
    try:
        upload = _lengthened(actor, upload_id, offset, content)
        if upload.received == upload.size and upload.field_id is None:
            upload = _finished(actor, origin, upload)
    except (UploadRefused, SampleRefused, PartialGone) as refusal:
        partial_discard(actor=actor, origin=origin, upload_id=upload_id, why=refusal.code)
        raise
    return upload


def partial_discard(*, actor: User, origin: Origin, upload_id: UUID, why: str = "given_up") -> None:
    """End an upload and remove what has come of it; one that has become a field stays.

    Raises:
        PermissionDenied: the actor's role may not upload.
        PartialUpload.DoesNotExist: the actor has begun no such upload, or it is over.
    """
    require(actor, Capability.UPLOAD)
    with transaction.atomic():
        upload = _locked(actor, upload_id)
        if upload.field_id:
            return
        detail: dict[str, JSON] = {"why": why, "received": upload.received}
        record("upload.discarded", actor=actor, subject=upload, origin=origin, detail=detail)
        PartialUpload.objects.filter(pk=upload.pk).delete()
    pieces.forget(upload)


def _locked(actor: User, upload_id: UUID) -> PartialUpload:
    mine = PartialUpload.objects.filter(owner=actor)
    return mine.select_for_update(of=("self",), no_key=True).select_related("sample").get(pk=upload_id)


def _lengthened(actor: User, upload_id: UUID, offset: int, content: bytes) -> PartialUpload:
    with transaction.atomic():
        upload = _locked(actor, upload_id)
        if offset != upload.received:
            raise WrongOffset(_("The piece does not begin where the last one ended."), upload)
        if offset + len(content) > upload.size:
            raise UploadRefused(
                "too_long",
                _("More was sent than the file was said to have. Nothing was stored; send it again."),
                HTTPStatus.REQUEST_ENTITY_TOO_LARGE,
            )
        if upload.sample and upload.field_id is None:
            must_take(upload.sample)
        if content:
            pieces.append(upload, content)
            upload.received += len(content)
            upload.save(update_fields=["received", "updated_at"])
    return upload


def _finished(actor: User, origin: Origin, upload: PartialUpload) -> PartialUpload:
    def claim(field: SmearField) -> None:
        row = _locked(actor, upload.pk)
        if row.field_id:
            raise _FinishedElsewhere
        if row.sha256 and row.sha256 != field.original_sha256:
            text = _(
                "The image that arrived is not the one that was announced. Nothing was stored; send it again."
            )
            raise UploadRefused("altered", text, CHECKSUM_MISMATCH)
        row.field = field
        row.save(update_fields=["field", "updated_at"])

    try:
        with upload.path.open("rb") as content:
            field_submit(
                actor=actor,
                origin=origin,
                content=content,
                name=upload.original_name,
                single=upload.single,
                sample_id=upload.sample_id,
                also=claim,
            )
        pieces.forget(upload)
    except (_FinishedElsewhere, FileNotFoundError) as problem:
        # Whoever was first has removed the file; without a field it was lost some other way.
        if not PartialUpload.objects.filter(pk=upload.pk).exclude(field=None).exists():
            raise pieces.lost() from problem
    except StorageFull as problem:
        raise pieces.no_room(problem) from problem
    return PartialUpload.objects.select_related("field").get(pk=upload.pk)
