"""Taking a file in pieces: over a bad line no more is sent again than the piece that broke.

The row says how many bytes have come. It is locked while a piece is added, so two tabs cannot interleave, and
committed after the bytes are on the disk. The whole file then goes the way of every one, ``field_submit``.
"""

from __future__ import annotations

from dataclasses import dataclass
from http import HTTPStatus
from uuid import UUID

from django.conf import settings
from django.db import transaction
from django.db.models import Sum
from django.utils.translation import gettext as _

from accounts.audit.record import JSON, record
from accounts.models import User
from accounts.permissions import Capability, require
from hematovision.core.origin import Origin
from predictions.errors import (
    DuplicateFound,
    PartialGone,
    SampleRefused,
    StorageFull,
    TooManyPartial,
    UploadRefused,
    WrongOffset,
)
from predictions.models import PartialUpload, Sample, SmearField
from predictions.pipeline import pieces
from predictions.pipeline.validate import too_large
from predictions.selectors import earlier_same, visible_samples
from predictions.services.fields import must_take
from predictions.services.submit import field_submit, plain_name

# What the tus protocol answers where a checksum does not fit.
CHECKSUM_MISMATCH = 460


@dataclass(frozen=True, slots=True)
class Announced:
    """What a sender says of a file before it comes.

    ``modified`` and ``sha256`` are as in ``PartialUpload``; ``again`` says that a duplicate is wanted.
    """

    name: str
    size: int
    single: bool = False
    modified: int | None = None
    sha256: str = ""
    again: bool = False


class _FinishedElsewhere(Exception):  # noqa: N818 -- no error: another request was first
    """The same upload became a field meanwhile."""


def partial_begin(
    *, actor: User, origin: Origin, announced: Announced, sample_id: UUID | None = None
) -> PartialUpload:
    """Make room for a file that will come in pieces; one of the same bytes that was begun before goes on.

    Raises:
        PermissionDenied: the actor's role may not upload.
        Sample.DoesNotExist: there is no such sample for the actor.
        SampleRefused: the sample takes no more fields.
        UploadRefused: the file is empty or too large.
        DuplicateFound: the actor may see a field of the same bytes and has not said that it is to come again.
        TooManyPartial: the actor has left too many files unfinished.
    """
    require(actor, Capability.UPLOAD)
    sample = visible_samples(actor).get(pk=sample_id) if sample_id else None
    name = plain_name(announced.name)
    if sample:
        must_take(sample)
    _check_size(announced.size, name)
    _check_duplicate(actor, announced)
    with transaction.atomic():
        before = _begun_before(actor, sample, announced)
        if before:
            return before
        _check_open(actor, announced.size)
        upload = PartialUpload.objects.create(
            site_id=sample.site_id if sample else actor.site_id,
            owner=actor,
            sample=sample,
            original_name=name,
            size=announced.size,
            single=announced.single,
            modified=announced.modified,
            sha256=announced.sha256,
        )
        record("upload.begun", actor=actor, subject=upload, origin=origin, detail={"bytes": upload.size})
    return upload


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
    return mine.select_for_update(of=("self",)).select_related("sample").get(pk=upload_id)


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


def _check_size(size: int, name: str) -> None:
    if size > settings.UPLOAD_MAX_BYTES:
        raise too_large().about(name)
    if size <= 0:
        raise UploadRefused(
            "empty", _("The file is empty. Export or copy it again, then upload that.")
        ).about(name)


def _check_duplicate(actor: User, announced: Announced) -> None:
    if announced.again or not announced.sha256:
        return
    earlier = earlier_same(actor, announced.sha256)
    if earlier:
        raise DuplicateFound(_("The same image is here already."), earlier)


def _begun_before(actor: User, sample: Sample | None, announced: Announced) -> PartialUpload | None:
    if announced.again or not announced.sha256:
        return None
    mine = PartialUpload.objects.filter(owner=actor, field=None, sample=sample)
    return mine.filter(size=announced.size, sha256=announced.sha256).order_by("-received").first()


def _check_open(actor: User, size: int) -> None:
    mine = PartialUpload.objects.filter(owner=actor, field=None)
    begun = mine.aggregate(bytes=Sum("size", default=0))["bytes"]
    if mine.count() >= settings.PARTIAL_MAX_FILES or begun + size > settings.PARTIAL_MAX_BYTES:
        raise TooManyPartial(
            _("You have begun more images than you may leave unfinished. Finish or discard those first.")
        )
