"""Days as people pick them to narrow a list, and as moments of the portal's time zone."""

from __future__ import annotations

from datetime import date, datetime, time
from typing import Any, Final

from django import forms
from django.core.validators import MaxValueValidator, MinValueValidator
from django.utils import timezone

FIRST: Final = date(1900, 1, 1)
LAST: Final = date(2999, 12, 31)


class _Calendar(forms.DateInput):
    """Browsers draw their own calendar for this type; its value is always ISO 8601."""

    input_type = "date"

    def __init__(self) -> None:
        super().__init__(format="%Y-%m-%d")


class DayField(forms.DateField):
    """A day that may be left empty, within the years that date arithmetic is safe in."""

    def __init__(self, **kwargs: Any) -> None:
        within = [MinValueValidator(FIRST), MaxValueValidator(LAST)]
        super().__init__(required=False, widget=_Calendar, validators=within, **kwargs)


def midnight(day: date) -> datetime:
    """Return when ``day`` begins in the portal's time zone."""
    return timezone.make_aware(datetime.combine(day, time.min))
