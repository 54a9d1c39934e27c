"""A patient's age at collection, as it was typed: in days, months or years."""

from __future__ import annotations

import functools
from dataclasses import dataclass
from datetime import date
from enum import StrEnum
from typing import Final

from django.utils.translation import ngettext


class AgeUnit(StrEnum):
    """What an age is counted in."""

    DAYS = "days"
    MONTHS = "months"
    YEARS = "years"


# A Julian year and a twelfth of it, the convention of UCUM ("a" and "mo"): twelve months are a year exactly.
DAYS_IN: Final = {AgeUnit.DAYS: 1.0, AgeUnit.MONTHS: 30.4375, AgeUnit.YEARS: 365.25}


@functools.total_ordering
@dataclass(frozen=True, slots=True, eq=False)
class Age:
    """A completed number of days, months or years. Ages of equal length are equal, whatever they count in.

    A month is 30.4375 days and a year 365.25. 30 days are therefore less than one month, and 31 are more.

    Raises:
        ValueError: an age below zero.
    """

    value: int
    unit: AgeUnit

    def __post_init__(self) -> None:
        if self.value < 0:
            raise ValueError("An age is zero or more.")

    @property
    def days(self) -> float:
        """The age in days."""
        return self.value * DAYS_IN[self.unit]

    def words(self) -> str:
        """Return the age as people say it, in the reader's language."""
        if self.unit == AgeUnit.DAYS:
            text = ngettext("%(n)d day", "%(n)d days", self.value)
        elif self.unit == AgeUnit.MONTHS:
            text = ngettext("%(n)d month", "%(n)d months", self.value)
        else:
            text = ngettext("%(n)d year", "%(n)d years", self.value)
        return text % {"n": self.value}

    def __eq__(self, other: object) -> bool:
        return self.days == other.days if isinstance(other, Age) else NotImplemented

    def __lt__(self, other: Age) -> bool:
        return self.days < other.days

    def __hash__(self) -> int:
        return hash(self.days)


def age_between(born: date, on: date) -> Age:
    """Return the age of who was born on a day: days in the first month, months up to two years, then years.

    Raises:
        ValueError: ``on`` comes before the birth.
    """
    months = 12 * (on.year - born.year) + on.month - born.month - (on.day < born.day)
    if months < 1:
        return Age((on - born).days, AgeUnit.DAYS)
    return Age(months, AgeUnit.MONTHS) if months < 24 else Age(months // 12, AgeUnit.YEARS)
