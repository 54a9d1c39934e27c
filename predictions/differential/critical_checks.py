"""What is wrong with a list of critical limits before a laboratory puts it to use."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence

from django.utils.translation import gettext as _

from predictions.differential.criticals import CriticalLimit, CriticalQuantity


def check_limits(limits: Sequence[CriticalLimit], names: Mapping[str, str]) -> list[str]:
    """Return a sentence for each fault of ``limits``; none where all is well.

    ``names`` holds what people call each class of the catalogue, by code.
    """
    faults = [sentence for each in limits for sentence in _faults(each, names)]
    kinds = [(each.code, each.quantity) for each in limits]
    for code, _quantity in sorted({kind for kind in kinds if kinds.count(kind) > 1}):
        name = names.get(code, code)
        faults.append(_("%(name)s has more than one critical limit of the same kind.") % {"name": name})
    return faults


def _faults(each: CriticalLimit, names: Mapping[str, str]) -> Iterator[str]:
    """Yield what is wrong with one limit by itself."""
    name = names.get(each.code, each.code)
    for code in (each.code, *each.also):
        if code not in names:
            yield _("There is no class “%(name)s” in the catalogue.") % {"name": code}
    if each.code in each.also or len(set(each.also)) < len(each.also):
        yield _("%(name)s: a class is added to itself or twice.") % {"name": name}
    bounds = [bound for bound in (each.low, each.high) if bound is not None]
    if each.quantity == CriticalQuantity.ANY:
        if bounds:
            yield _("%(name)s: where a single cell is critical there is no limit to set.") % {"name": name}
        return
    if not bounds:
        yield _("%(name)s: set a lower or an upper critical limit.") % {"name": name}
    if bounds != sorted(bounds):
        yield _("%(name)s: the lower critical limit is above the upper one.") % {"name": name}
    if any(bound < 0 for bound in bounds):
        yield _("%(name)s: a critical limit is below zero.") % {"name": name}
