"""Limits of age as people type them: "28 d", "6 mo", "18 y"."""

from __future__ import annotations

import re
from typing import Any, Final

from django import forms
from django.core.exceptions import ValidationError
from django.utils.translation import gettext as _

from predictions.differential.age import DAYS_IN, AgeUnit

SIGNS: Final = {AgeUnit.YEARS: "y", AgeUnit.MONTHS: "mo", AgeUnit.DAYS: "d"}
TYPED: Final = re.compile(r"(\d{1,5})\s*(d|days?|mo|months?|y|years?)", re.IGNORECASE)


def age_told(days: float) -> str:
    """Return a limit of age in the largest unit that it is a whole number of; days with decimals if none."""
    for unit, sign in SIGNS.items():
        if days and days % DAYS_IN[unit] == 0:
            return f"{days / DAYS_IN[unit]:.0f} {sign}"
    return f"{days:g} d"


class AgeField(forms.Field):
    """A limit of age; its value is in days, None where nothing was typed."""

    def prepare_value(self, value: Any) -> Any:
        """Return days as people read them, and what was typed as it is."""
        return age_told(value) if isinstance(value, int | float) else value

    def to_python(self, value: Any) -> Any:
        """Return the age in days.

        Raises:
            ValidationError: no number with a unit.
        """
        typed = str(value or "").strip()
        if not typed:
            return None
        found = TYPED.fullmatch(typed)
        if found is None:
            raise ValidationError(_("Type 28 d, 6 mo or 18 y."))
        sign = found[2].lower()
        unit = next(unit for unit, short in SIGNS.items() if sign.startswith(short))
        return int(found[1]) * DAYS_IN[unit]
