"""Rules in words, for those who read them."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from django.utils.translation import gettext as _

from predictions.differential.criticals import CriticalLimit, CriticalQuantity
from predictions.differential.ranges import Quantity, ReferenceRange
from predictions.differential.units import Unit
from predictions.models import CellType
from predictions.selectors import RulesInForce
from predictions.web.laboratory.ages import age_told
from predictions.web.laboratory.forms import LIMITED, SEXES, SMUDGES


@dataclass(frozen=True, slots=True)
class RangeLine:
    """One reference range."""

    name: str
    sex: str
    ages: str
    values: str
    source: str


@dataclass(frozen=True, slots=True)
class LimitLine:
    """One critical limit."""

    name: str
    text: str


@dataclass(frozen=True, slots=True)
class Told:
    """A version of the rules."""

    ranges: list[RangeLine]
    limits: list[LimitLine]
    smudges: str
    delta: str
    target: int
    unit: str


def told(rules: RulesInForce, types: Sequence[CellType]) -> Told:
    """Return rules in words; a class that the catalogue has no more is called by its code."""
    names = {kind.code: kind.name for kind in types}
    points = rules.delta_points
    return Told(
        ranges=[_range(each, names, rules.unit) for each in rules.ranges],
        limits=[_limit(each, names, rules.unit) for each in rules.limits],
        smudges=str(SMUDGES[rules.smudge_policy]),
        delta=_("more than counting error (p < 0.05)")
        if points is None
        else _("more than %(points)g percentage points") % {"points": points},
        target=rules.target,
        unit=rules.unit.value,
    )


def _range(each: ReferenceRange, names: dict[str, str], concentration: Unit) -> RangeLine:
    unit = "%" if each.quantity == Quantity.PERCENT else concentration.value
    return RangeLine(
        name=names.get(each.code, each.code),
        sex=str(SEXES[each.sex]),
        ages=_ages(each),
        values=f"{each.low:g}–{each.high:g}\u00a0{unit}",
        source=each.source,
    )


def _ages(each: ReferenceRange) -> str:
    if each.ageless:
        return _("every age")
    if each.to_days is None:
        return _("from %(age)s") % {"age": age_told(each.from_days)}
    if not each.from_days:
        return _("up to %(age)s") % {"age": age_told(each.to_days)}
    return f"{age_told(each.from_days)} – {age_told(each.to_days)}"


def _limit(each: CriticalLimit, names: dict[str, str], concentration: Unit) -> LimitLine:
    name = " + ".join(names.get(code, code) for code in (each.code, *each.also))
    if each.quantity == CriticalQuantity.ANY:
        return LimitLine(name, str(LIMITED[each.quantity]))
    unit = "%" if each.quantity == CriticalQuantity.PERCENT else concentration.value
    below = "" if each.low is None else _("below %(value)g %(unit)s") % {"value": each.low, "unit": unit}
    above = "" if each.high is None else _("above %(value)g %(unit)s") % {"value": each.high, "unit": unit}
    return LimitLine(name, ", ".join(part for part in (below, above) if part))
