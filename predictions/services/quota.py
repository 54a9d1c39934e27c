"""How much one person may store in a day, so that no account, lost or careless, fills the disk of all."""

from __future__ import annotations

import math
from datetime import datetime, timedelta
from typing import Final

from django.conf import settings
from django.db.models import Count, QuerySet, Sum
from django.db.models.functions import Now
from django.utils import timezone
from django.utils.formats import date_format
from django.utils.translation import gettext as _

from accounts.models import User
from predictions.errors import QuotaReached
from predictions.models import SmearField

DAY: Final = timedelta(hours=24)


def quota_left(actor: User, *, size: int = 0) -> None:
    """Return if ``actor`` may store one more file of ``size`` bytes now.

    What counts are the fields of the last 24 hours, each with the bytes of its stored image, whether or not
    another field shows the same. Into an empty day one file always fits.

    Raises:
        QuotaReached: it would be more than ``settings.UPLOAD_QUOTA_FILES`` or ``UPLOAD_QUOTA_BYTES``.
    """
    if not (settings.UPLOAD_QUOTA_FILES or settings.UPLOAD_QUOTA_BYTES):
        return
    used = _lately(actor).aggregate(files=Count("pk"), bytes=Sum("image__bytes", default=0))
    if _fits(used["files"], used["bytes"], size):
        return
    when = _goes_on(actor, used["files"], used["bytes"], size)
    seconds = max(1, math.ceil((when - timezone.now()).total_seconds()))
    text = _(
        "In the last 24 hours you have stored as much as one person may. All of that is safe; this image was "
        "not stored. It can be uploaded from %(when)s on, or tell your admin if that is too late."
    )
    shown = date_format(timezone.localtime(when + timedelta(minutes=1)), "j M, H:i")
    raise QuotaReached(text % {"when": shown}, seconds)


def quota_taken(actor: User, *, size: int) -> None:
    """Do as :func:`quota_left` in the transaction that stores the file, with the person's row locked.

    Uploads of one person that end at the same moment are thereby counted one after the other, and none slips
    past. People do not wait for each other.
    """
    User.objects.select_for_update(no_key=True).filter(pk=actor.pk).values_list("pk").get()
    quota_left(actor, size=size)


def _lately(actor: User) -> QuerySet[SmearField]:
    return SmearField.objects.filter(uploaded_by=actor, created_at__gt=Now() - DAY).order_by()


def _fits(files: int, stored: int, size: int) -> bool:
    if files == 0:
        return True
    most_files, most_bytes = settings.UPLOAD_QUOTA_FILES, settings.UPLOAD_QUOTA_BYTES
    return not ((most_files and files >= most_files) or (most_bytes and stored + size > most_bytes))


def _goes_on(actor: User, files: int, stored: int, size: int) -> datetime:
    """Return when enough of the day's files are older than a day."""
    when = timezone.now()
    for created, count in _lately(actor).order_by("created_at").values_list("created_at", "image__bytes"):
        when, files, stored = created + DAY, files - 1, stored - count
        if _fits(files, stored, size):
            break
    return when
