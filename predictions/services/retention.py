"""Removing the images of samples that were signed long ago, where the laboratory's rule says so.

Report, PDF, cells and reviews stay. A removed image is marked, and its file goes once that is committed. The
image folder is held alone while both happen, so that nobody stores the same picture at that moment.
"""

from __future__ import annotations

from datetime import timedelta
from typing import Final

from django.conf import settings
from django.db import transaction
from django.db.models import Exists, OuterRef, QuerySet
from django.db.models.functions import Now

from accounts.audit.record import JSON, record
from predictions.models import Report, Sample, SmearField, StoredImage
from predictions.pipeline.store import folder_held
from predictions.states import SampleState

# Uploads wait meanwhile, so a run ends after so many; the next one goes on.
MOST_IMAGES: Final = 1_000
# A file that stayed because of a crash between mark and removal goes with one of the next runs.
STRAGGLING: Final = timedelta(days=1)


def images_sweep() -> int:
    """Remove images all of whose fields are of samples that were last signed before the days of the rule.

    An image that a field without a sample or of a younger, unsigned or reopened sample shows as well stays.

    Returns:
        How many images were removed; if any, the log has one event with the counts.

    Raises:
        StorageFull: the image folder cannot be locked.
        OSError: a file cannot be removed; it is tried again for a day.
    """
    if not settings.RETENTION_IMAGES_DAYS:
        return 0
    with folder_held(alone=True):
        removed = _mark()
        for image in StoredImage.objects.filter(removed_at__gt=Now() - STRAGGLING):
            image.path.unlink(missing_ok=True)
    return removed


@transaction.atomic
def _mark() -> int:
    wanted = list(_unkept().values_list("pk", flat=True)[:MOST_IMAGES])
    samples = Sample.objects.filter(
        Exists(SmearField.objects.filter(sample=OuterRef("pk"), image__in=wanted))
    )
    # An amendment that begins at this moment waits, or was first, and then its images are not among them.
    locked = list(samples.select_for_update(no_key=True).order_by("pk").values_list("pk", flat=True))
    images = list(_unkept().filter(pk__in=wanted))
    if not images:
        return 0
    StoredImage.objects.filter(pk__in=[image.pk for image in images]).update(removed_at=Now())
    detail: dict[str, JSON] = {
        "images": len(images),
        "bytes": sum(image.bytes for image in images),
        "samples": len(locked),
        "days": settings.RETENTION_IMAGES_DAYS,
    }
    record("retention.images_removed", actor=None, detail=detail)
    return len(images)


def _unkept() -> QuerySet[StoredImage]:
    """Return the images that the rule keeps no longer, and whose files are still there."""
    reports = Report.objects.filter(sample=OuterRef("pk"))
    lately = reports.filter(signed_at__gte=Now() - timedelta(days=settings.RETENTION_IMAGES_DAYS))
    over = Sample.objects.filter(
        ~Exists(lately), Exists(reports), state__in=(SampleState.SIGNED, SampleState.AMENDED)
    )
    shown = SmearField.objects.filter(image=OuterRef("pk"))
    return StoredImage.objects.filter(
        Exists(shown.filter(sample__in=over)), ~Exists(shown.exclude(sample__in=over)), removed_at=None
    )
