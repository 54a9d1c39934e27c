"""Critical values: what somebody has to be told at once, and acknowledges before the sample is signed."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass
from enum import StrEnum
from typing import Any

from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from predictions.differential.counts import Differential
from predictions.differential.ranges import Flag
from predictions.differential.stored import number_or_none, read_records, text, texts
from predictions.differential.units import Unit


class CriticalQuantity(StrEnum):
    """What a limit is of: a concentration, percent, or the mere presence of one cell."""

    ABSOLUTE = "absolute"
    PERCENT = "percent"
    ANY = "any"


@dataclass(frozen=True, slots=True)
class CriticalLimit:
    """Values below ``low`` or above ``high`` are critical; None sets no limit on that side.

    With the quantity "any" one cell is critical and both limits are None. The cells of the classes ``also``
    are added to those of ``code`` first, as band forms to neutrophils.
    """

    code: str
    quantity: CriticalQuantity
    low: float | None
    high: float | None
    also: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Critical:
    """A critical value: ``value`` in the unit of the limit (cells for "any") and its side of that limit."""

    code: str
    limit: CriticalLimit
    side: Flag
    value: float
    sentence: str


def criticals(
    differential: Differential,
    limits: Sequence[CriticalLimit],
    names: Mapping[str, str],
    unit: Unit = Unit.SI,
) -> tuple[Critical, ...]:
    """Return the critical values of ``differential`` in the order of ``limits``, counting error or not.

    ``names`` holds what people call each class, by code, for the sentences, which are in the reader's
    language and write concentrations in ``unit``. Limits on concentrations cannot be held against a sample
    whose WBC count is not known.
    """
    found = []
    for limit in limits:
        value = _value(differential, limit)
        side = Flag.NONE if value is None else _side(value, limit)
        if value is not None and side != Flag.NONE:
            sentence = _sentence(value, side, limit, names, unit)
            found.append(Critical(limit.code, limit, side, value, sentence))
    return tuple(found)


def _value(differential: Differential, limit: CriticalLimit) -> float | None:
    """Return what ``limit`` is held against, None where it is not known."""
    number = sum(differential.number(code) for code in (limit.code, *limit.also))
    if limit.quantity == CriticalQuantity.ANY:
        return number
    if limit.quantity == CriticalQuantity.ABSOLUTE:
        return differential.absolute(number)
    return 100 * number / differential.total if differential.total else None


def _side(value: float, limit: CriticalLimit) -> Flag:
    """Return on which side ``value`` passes ``limit``; on the limit it does not."""
    if limit.quantity == CriticalQuantity.ANY:
        return Flag.HIGH if value else Flag.NONE
    if limit.low is not None and value < limit.low:
        return Flag.LOW
    return Flag.HIGH if limit.high is not None and value > limit.high else Flag.NONE


def _sentence(
    value: float, side: Flag, limit: CriticalLimit, names: Mapping[str, str], concentration: Unit
) -> str:
    """Say what was found and which limit it passes."""
    name = " + ".join(names.get(code, code) for code in (limit.code, *limit.also))
    if limit.quantity == CriticalQuantity.ANY:
        seen = ngettext(
            "%(name)s: %(n)d cell seen. A single one is critical.",
            "%(name)s: %(n)d cells seen. A single one is critical.",
            int(value),
        )
        return seen % {"name": name, "n": value}
    below = _("%(name)s: %(value)s %(unit)s is below the critical limit of %(limit)g %(unit)s.")
    above = _("%(name)s: %(value)s %(unit)s is above the critical limit of %(limit)g %(unit)s.")
    bound = limit.low if side == Flag.LOW else limit.high
    assert bound is not None, "a side is passed only where it has a limit"
    unit = "%" if limit.quantity == CriticalQuantity.PERCENT else concentration.value
    told = {"name": name, "value": _shown(value, bound), "unit": unit, "limit": bound}
    return (below if side == Flag.LOW else above) % told


def _shown(value: float, bound: float) -> str:
    """Return ``value`` with two decimals, or all of them where two would make it equal to ``bound``."""
    return f"{value:.2f}" if round(value, 2) != bound else repr(value)


def to_json(limits: Sequence[CriticalLimit]) -> list[dict[str, Any]]:
    """Return ``limits`` as a list that JSON can hold."""
    return [{**asdict(each), "also": list(each.also)} for each in limits]


def from_json(stored: object) -> tuple[CriticalLimit, ...]:
    """Return the limits that ``to_json`` gave.

    Raises:
        ValueError: what was stored does not have that shape.
    """
    return read_records(
        stored,
        CriticalLimit,
        {
            "code": text,
            "quantity": CriticalQuantity,
            "low": number_or_none,
            "high": number_or_none,
            "also": texts,
        },
    )
