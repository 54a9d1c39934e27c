"""Forgetting uploads that nobody goes on with."""

from __future__ import annotations

import time
from datetime import timedelta
from uuid import UUID

from django.conf import settings
from django.db import transaction
from django.db.models.functions import Now

from accounts.audit.record import JSON, record
from predictions.models import PartialUpload
from predictions.pipeline import pieces


def partials_expire() -> int:
    """Remove the uploads that were left alone for ``settings.PARTIAL_HOURS``; return how many had not ended.

    Files whose row is gone, because of a crash between the two, go as well once they are as old.
    """
    patience = timedelta(hours=settings.PARTIAL_HOURS)
    with transaction.atomic():
        # What somebody is adding to at this moment is not forgotten, and is passed over.
        old = PartialUpload.objects.filter(updated_at__lt=Now() - patience).select_for_update(
            skip_locked=True, no_key=True
        )
        over = list(old)
        unfinished = [upload for upload in over if upload.field_id is None]
        for upload in unfinished:
            detail: dict[str, JSON] = {"why": "expired", "received": upload.received}
            record("upload.discarded", actor=None, subject=upload, detail=detail)
        PartialUpload.objects.filter(pk__in=[upload.pk for upload in over]).delete()
    for upload in over:
        pieces.forget(upload)
    for file in pieces.stray(time.time() - patience.total_seconds()):
        if not PartialUpload.objects.filter(pk=UUID(file.name)).exists():
            file.unlink(missing_ok=True)
    return len(unfinished)
