"""Taking an upload: validate, clean, store, and queue the analysis."""

from __future__ import annotations

import unicodedata
from collections.abc import Callable
from dataclasses import dataclass
from typing import BinaryIO, Final
from uuid import UUID

from django.conf import settings
from django.db import transaction
from django.utils.translation import gettext as _

from accounts.audit.record import record
from accounts.models import User
from accounts.permissions import Capability, require
from hematovision.core.origin import Origin
from hematovision.core.queue import ANALYSE_FIELD, ring_on_commit
from predictions.errors import UploadRefused
from predictions.models import AnalysisJob, EventKind, Sample, SmearField, StoredImage
from predictions.pipeline.check import check
from predictions.pipeline.decode import decode
from predictions.pipeline.scan import scan
from predictions.pipeline.store import kept
from predictions.selectors import earlier_same
from predictions.services.fields import take_in
from predictions.services.quota import quota_left, quota_taken
from predictions.services.trail import note
from predictions.types import Cleaned

NAME_LENGTH: Final = 255


@dataclass(frozen=True, slots=True)
class Submitted:
    """The new field, and an earlier one of the same bytes that the person may see."""

    field: SmearField
    duplicate_of: SmearField | None


def field_submit(
    *,
    actor: User,
    origin: Origin,
    content: BinaryIO,
    name: str,
    single: bool = False,
    sample_id: UUID | None = None,
    also: Callable[[SmearField], None] | None = None,
) -> Submitted:
    """Take one file: check it, strip it, keep it, and queue its analysis.

    The file lies on the disk before its row exists; row, job and audit event are committed together, and only
    then a worker is rung for.

    Args:
        actor: who uploads; the field belongs to their site.
        origin: where the request came from.
        content: the file, at its beginning.
        name: the file's name, kept as text only.
        single: the picture shows one cell of interest.
        sample_id: the sample that the picture is a field of, if of any.
        also: what else is to happen in the same transaction; raising undoes all of it.

    Raises:
        PermissionDenied: the actor's role may not upload.
        Sample.DoesNotExist: there is no such sample for the actor.
        SampleRefused: the sample takes no more fields; nothing was kept.
        QuotaReached: the actor has stored as much in a day as one person may; nothing was kept.
        UploadRefused: the file is not one the portal can read; nothing was kept.
        StorageFull: there is no room; nothing was kept.
        ScannerAway: the laboratory's virus scanner gave no verdict; nothing was kept.
        DecoderAway: no image can be decoded at the moment; nothing was kept.
    """
    require(actor, Capability.UPLOAD)
    quota_left(actor)
    shown = plain_name(name)
    try:
        cleaned = _read(content)
    except UploadRefused as refusal:
        raise refusal.about(shown) from None
    with kept(cleaned) as image, transaction.atomic():
        quota_taken(actor, size=len(cleaned.content))
        sample = take_in(actor, sample_id) if sample_id else None
        field = _rows(actor, image, cleaned, shown, single=single, sample=sample)
        earlier = earlier_same(actor, field.original_sha256, than=field)
        if sample:
            note(sample, EventKind.UPLOADED, actor, {"field": str(field.pk)})
        if also:
            also(field)
        detail = {"image": image.sha256, "duplicate_of": str(earlier.pk) if earlier else None}
        record("field.uploaded", actor=actor, subject=field, origin=origin, detail=detail)
        ring_on_commit(ANALYSE_FIELD, str(field.pk))
    return Submitted(field, earlier)


def _read(content: BinaryIO) -> Cleaned:
    """Read one byte more than allowed, so that a file that is too large need not be read whole."""
    original = content.read(settings.UPLOAD_MAX_BYTES + 1)
    scan(original)
    check(original)
    return decode(original)


def _rows(
    actor: User, image: StoredImage, cleaned: Cleaned, name: str, *, single: bool, sample: Sample | None
) -> SmearField:
    # The same bytes have the same key, so a second row of them is no conflict but the same row. If its file
    # was removed by the retention rule, it is there again.
    StoredImage.objects.bulk_create(
        [image], update_conflicts=True, unique_fields=["sha256"], update_fields=["removed_at"]
    )
    field = SmearField.objects.create(
        site_id=sample.site_id if sample else actor.site_id,
        sample=sample,
        uploaded_by=actor,
        image=image,
        original_name=name,
        original_sha256=cleaned.original_sha256,
        single=single,
    )
    AnalysisJob.objects.create(field=field, uploaded_at=field.created_at)
    return field


def plain_name(name: str) -> str:
    """Return the last part of a file's name without control and direction characters, which could deceive."""
    last = name.replace("\\", "/").rsplit("/", 1)[-1]
    shown = "".join(letter for letter in last if unicodedata.category(letter)[0] != "C")
    return shown.strip()[:NAME_LENGTH] or _("unnamed")
