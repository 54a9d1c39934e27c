"""Announcing a file that will come in pieces: what can be refused before a byte is sent is refused here."""

from __future__ import annotations

from dataclasses import dataclass
from uuid import UUID

from django.conf import settings
from django.db import transaction
from django.db.models import Sum
from django.utils.translation import gettext as _

from accounts.audit.record import record
from accounts.models import User
from accounts.permissions import Capability, require
from hematovision.core.origin import Origin
from predictions.errors import DuplicateFound, TooManyPartial, UploadRefused
from predictions.models import PartialUpload, Sample
from predictions.refusals import too_large
from predictions.selectors import earlier_same, visible_samples
from predictions.services.fields import must_take
from predictions.services.quota import quota_left
from predictions.services.submit import plain_name


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
        QuotaReached: the file would be more than the actor may store in a day.
        TooManyPartial: the actor has left too many files unfinished.
    """
    require(actor, Capability.UPLOAD)
    sample = visible_samples(actor).get(pk=sample_id) if sample_id else None
    name = plain_name(announced.name)
    if sample:
        must_take(sample)
    _check_size(announced.size, name)
    _check_duplicate(actor, announced)
    quota_left(actor, size=announced.size)
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
