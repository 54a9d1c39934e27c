"""What is wrong with a list of reference ranges before a laboratory puts it to use."""

from __future__ import annotations

import itertools
import math
from collections.abc import Iterator, Mapping, Sequence

from django.utils.translation import gettext as _

from predictions.differential.ranges import Quantity, ReferenceRange


def check_ranges(ranges: Sequence[ReferenceRange], names: Mapping[str, str]) -> list[str]:
    """Return a sentence for each fault of ``ranges``; none where all is well.

    ``names`` holds what people call each class of the catalogue, by code. Ages may have gaps. A range for
    every age beside ranges with limits of age is no overlap: it steps in where none of them fits.
    """
    faults = [
        sentence for each in ranges for sentence in _faults(each, names.get(each.code, each.code), names)
    ]
    for first, second in itertools.combinations(ranges, 2):
        if _same_kind(first, second) and _overlap(first, second):
            name = names.get(first.code, first.code)
            faults.append(
                _("%(name)s: two ranges of the same kind and sex are for the same age.") % {"name": name}
            )
    return faults


def _faults(each: ReferenceRange, name: str, names: Mapping[str, str]) -> Iterator[str]:
    """Yield what is wrong with one range by itself."""
    told = {"name": name, "low": each.low, "high": each.high}
    if each.code not in names:
        yield _("There is no class “%(name)s” in the catalogue.") % told
    if not (math.isfinite(each.low) and math.isfinite(each.high)):
        yield _("%(name)s: both limits have to be numbers.") % told
    elif each.low > each.high:
        yield _("%(name)s: the lower limit %(low)g is above the upper limit %(high)g.") % told
    if each.low < 0:
        yield _("%(name)s: the lower limit is below zero.") % told
    if each.quantity == Quantity.PERCENT and each.high > 100:
        yield _("%(name)s: the upper limit is above 100 %%.") % told
    if each.from_days < 0 or not each.from_days < each.end:
        yield (
            _("%(name)s: the age at which the range ends has to be after the one at which it begins.") % told
        )
    if not each.source.strip():
        yield _("%(name)s: say where the range comes from; the report prints it.") % told


def _same_kind(first: ReferenceRange, second: ReferenceRange) -> bool:
    """Return whether both are of the same class, quantity and sex."""
    return (first.code, first.quantity, first.sex) == (second.code, second.quantity, second.sex)


def _overlap(first: ReferenceRange, second: ReferenceRange) -> bool:
    """Return whether an age lies in both, and neither is the one for every age behind the other."""
    if first.ageless != second.ageless:
        return False
    return first.from_days < second.end and second.from_days < first.end
