"""Reference ranges by sex and age, and on which side of one a value lies."""

from __future__ import annotations

import math
from collections.abc import Iterable, Sequence
from dataclasses import asdict, dataclass
from enum import StrEnum
from typing import Any

from predictions.differential.age import Age
from predictions.differential.counts import Row
from predictions.differential.intervals import Interval
from predictions.differential.stored import number, number_or_none, read_records, text


class Quantity(StrEnum):
    """What a range is of: the share in percent, or the concentration x 10^9/L."""

    PERCENT = "percent"
    ABSOLUTE = "absolute"


class Sex(StrEnum):
    """Whom a range is for."""

    ANY = ""
    FEMALE = "female"
    MALE = "male"


class Flag(StrEnum):
    """On which side of its range a value lies."""

    NONE = ""
    LOW = "low"
    HIGH = "high"


@dataclass(frozen=True, slots=True)
class ReferenceRange:
    """What is usual for one class; both limits still count as usual.

    The range is for ages from ``from_days`` up to but not including ``to_days`` (None: without end).
    ``low`` and ``high`` are percent or x 10^9/L, as ``quantity`` says; ``source`` is printed in the report.
    """

    code: str
    quantity: Quantity
    sex: Sex
    from_days: float
    to_days: float | None
    low: float
    high: float
    source: str

    @property
    def ageless(self) -> bool:
        """Whether the range is for every age, and so also for an unknown one."""
        return self.from_days == 0 and self.to_days is None

    @property
    def end(self) -> float:
        """The day before which the range ends, infinity where it does not."""
        return math.inf if self.to_days is None else self.to_days


@dataclass(frozen=True, slots=True)
class Judgement:
    """A flag, and whether the whole exact interval lies outside too; if not, it is within counting error."""

    flag: Flag
    certain: bool


def find_range(
    ranges: Iterable[ReferenceRange], code: str, quantity: Quantity, sex: str, age: Age | None
) -> ReferenceRange | None:
    """Return the range that fits best, or None: then there is no range for this age.

    One for the sex comes before one for any, then the narrower age before the wider. With ``age`` unknown
    only ranges without limits of age fit; with another ``sex`` than female or male only those for any.
    """
    fitting = [
        each
        for each in ranges
        if each.code == code
        and each.quantity == quantity
        and each.sex in {Sex.ANY, sex}
        and (each.ageless if age is None else each.from_days <= age.days < each.end)
    ]
    return min(fitting, key=lambda each: (each.sex == Sex.ANY, each.end - each.from_days), default=None)


def flag(value: float, reference: ReferenceRange) -> Flag:
    """Return on which side of ``reference`` the unrounded ``value`` lies; on a limit it lies inside."""
    if value < reference.low:
        return Flag.LOW
    return Flag.HIGH if value > reference.high else Flag.NONE


def judge(row: Row, reference: ReferenceRange) -> Judgement:
    """Return the flag of ``row`` against ``reference``, by percent or concentration as the range is.

    A row without that value (nothing counted, WBC count unknown) has no flag.
    """
    value, interval = _measured(row, reference.quantity)
    if value is None or interval is None:
        return Judgement(Flag.NONE, certain=False)
    side = flag(value, reference)
    return Judgement(side, certain=side != Flag.NONE and outside(interval, reference))


def outside(interval: Interval, reference: ReferenceRange) -> bool:
    """Return whether no part of ``interval`` lies in ``reference``."""
    return interval.high < reference.low or interval.low > reference.high


def _measured(row: Row, quantity: Quantity) -> tuple[float | None, Interval | None]:
    """Return the value and the interval of ``row`` in the unit of ``quantity``."""
    if quantity == Quantity.ABSOLUTE:
        return row.absolute, row.absolute_interval
    return row.percent, row.interval.scaled(100) if row.interval else None


def to_json(ranges: Sequence[ReferenceRange]) -> list[dict[str, Any]]:
    """Return ``ranges`` as a list that JSON can hold."""
    return [asdict(each) for each in ranges]


def from_json(stored: object) -> tuple[ReferenceRange, ...]:
    """Return the ranges that ``to_json`` gave.

    Raises:
        ValueError: what was stored does not have that shape.
    """
    return read_records(
        stored,
        ReferenceRange,
        {
            "code": text,
            "quantity": Quantity,
            "sex": Sex,
            "from_days": number,
            "to_days": number_or_none,
            "low": number,
            "high": number,
            "source": text,
        },
    )
