"""Keys of pages, and days as moments: what the history and the worklist share."""

from __future__ import annotations

from datetime import date, datetime, time, timedelta
from typing import Final
from uuid import UUID

from django.utils import timezone
from django.utils.translation import gettext as _

from predictions.errors import BadCursor

_EPOCH: Final = datetime.fromisoformat("1970-01-01T00:00:00+00:00")
_MICROSECOND: Final = timedelta(microseconds=1)


def write_key(moment: datetime, row: UUID) -> str:
    """Name the place right after a row: microseconds since 1970 and the row's key, both exact."""
    return f"{(moment - _EPOCH) // _MICROSECOND}-{row.hex}"


def read_key(key: str) -> tuple[datetime, UUID]:
    """Undo ``write_key``.

    Raises:
        BadCursor: it did not write this.
    """
    try:
        microseconds, _dash, row = key.partition("-")
        return _EPOCH + int(microseconds) * _MICROSECOND, UUID(hex=row)
    except (ValueError, OverflowError):
        raise BadCursor(_("This page does not exist. Start again from the first.")) from None


def midnight(day: date) -> datetime:
    """Return when ``day`` begins in the portal's time zone."""
    return timezone.make_aware(datetime.combine(day, time.min))


def next_midnight(day: date) -> datetime:
    """Return when ``day`` ends in the portal's time zone; no day follows the last one that there is."""
    return midnight(min(day, date.max - timedelta(days=1)) + timedelta(days=1))
