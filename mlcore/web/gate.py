"""The gate's criteria as sentences: what was asked, what was found, and why that is enough or not."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any, Final

from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy, ngettext

from mlcore.registry.models import GateResult
from mlcore.web.shares import points
from mlcore.web.vocabulary import CellClass, cell_class

NAMES: Final = {
    "leak": gettext_lazy("No test picture seen in training"),
    "recall": gettext_lazy("Recall"),
    "precision": gettext_lazy("Positive predictive value"),
    "calibration": gettext_lazy("Calibration error"),
    "coverage": gettext_lazy("Share answered"),
    "answers": gettext_lazy("Right among the answers"),
}
VERDICTS: Final = {
    "passed": (gettext_lazy("passed"), "good"),
    "failed": (gettext_lazy("failed"), "bad"),
    "not_proven": (gettext_lazy("not proven at this n"), "warn"),
}
WORST_FIRST: Final = ("failed", "not_proven", "passed")


@dataclass(frozen=True, slots=True)
class Line:
    """One criterion for people; ``kind`` is None where it is about all classes."""

    name: str
    kind: CellClass | None
    verdict: str
    colour: str
    sentence: str


def lines(result: GateResult) -> list[Line]:
    """Return the criteria of a result, the worst first."""
    worst_first = sorted(result.criteria, key=lambda one: WORST_FIRST.index(one["verdict"]))
    return [_line(one) for one in worst_first]


def _line(one: Mapping[str, Any]) -> Line:
    verdict, colour = VERDICTS[one["verdict"]]
    if one["name"] == "leak" and one["note"]:
        # More cells would not tell what nobody has written down.
        verdict = gettext_lazy("not known")
    kind = cell_class(one["label"]) if one["label"] else None
    return Line(str(NAMES[one["name"]]), kind, str(verdict), colour, sentence(one))


def sentence(one: Mapping[str, Any]) -> str:
    """Return what was found and the reason for the verdict."""
    if one["name"] == "leak":
        return _leak(one)
    if one["note"] == "never_named":
        return _("The candidate never gives this answer, so there is nothing to measure.")
    if one["note"] == "not_by_active":
        return _("The active model never gives this name, so the candidate cannot be worse: %(value)s.") % {
            "value": _percent(one["candidate"])
        }
    return _compared(one) if one["name"] in {"recall", "precision"} else _target(one)


def _leak(one: Mapping[str, Any]) -> str:
    if one["note"] == "unknown":
        return _("The candidate's bundle does not say which pictures it was trained on.")
    if one["note"] == "base_unknown":
        return _(
            "None of the %(n)d test pictures was in its own training, but it goes back to a model whose "
            "bundle does not say what that was trained on."
        ) % {"n": one["cells"]}
    if one["note"] == "frozen_without":
        return _(
            "This data set version was frozen before its pictures were known by their pixels, so it cannot "
            "be held against what the candidate was trained on. Import it anew and measure on that version."
        )
    shared, alike = int(one["value"]), one.get("alike")
    if shared or alike:
        return " ".join([*_seen_again(shared, alike or 0), _("The figures flatter it.")])
    told = _("None of the %(n)d test pictures and their near-duplicates was in its training.")
    copies = _("No copy of one was found there either, saved again, scaled, mirrored or turned.")
    if alike is None:
        copies = _("Whether copies that were saved again, scaled or turned were there is not known.")
    return f"{told % {'n': one['cells']}} {copies}"


def _seen_again(shared: int, alike: int) -> Iterator[str]:
    """Yield how many test pictures were seen as they are, and how many as copies."""
    if shared:
        yield ngettext(
            "%(n)d of the test pictures or their near-duplicates was in its training.",
            "%(n)d of the test pictures or their near-duplicates were in its training.",
            shared,
        ) % {"n": shared}
    if alike:
        yield ngettext(
            "%(n)d looks like a copy of one that was: saved again, scaled, mirrored or turned.",
            "%(n)d look like copies of some that were: saved again, scaled, mirrored or turned.",
            alike,
        ) % {"n": alike}


def _compared(one: Mapping[str, Any]) -> str:
    facts = {
        "candidate": _percent(one["candidate"]),
        "active": _percent(one["active"]),
        "value": points(one["value"]),
        "low": points(one["low"]),
        "high": points(one["high"]),
        "margin": points(one["wanted"]),
        "most": f"{100 * abs(one['wanted']):.1f}",
        "counted": _counted(one),
    }
    told = (
        _(
            "%(candidate)s beside %(active)s of the active model: %(value)s points (95 %% interval %(low)s "
            "to %(high)s; %(counted)s)."
        )
        % facts
    )
    reasons = {
        "passed": _("It is at most %(most)s points below."),
        "failed": _("It is shown to be worse, and may be more than %(most)s points below."),
        "not_proven": _(
            "The interval reaches below %(margin)s points: too few cells to rule a larger loss out."
        ),
    }
    return f"{told} {reasons[one['verdict']] % facts}"


def _counted(one: Mapping[str, Any]) -> str:
    """Return what a comparison rests on; each model has given a name to cells of its own."""
    if one["name"] == "precision":
        text = _("%(cells)d cells named so by the candidate, %(groups)d groups by either")
    else:
        text = _("%(cells)d cells in %(groups)d groups")
    return text % {"cells": one["cells"], "groups": one["groups"]}


def _target(one: Mapping[str, Any]) -> str:
    facts = {
        "value": _percent(one["value"]),
        "low": _percent(one["low"]),
        "high": _percent(one["high"]),
        "wanted": _percent(one["wanted"]),
        "cells": one["cells"],
    }
    told = _("%(value)s (95 %% interval %(low)s to %(high)s; %(cells)d cells).") % facts
    most = one["name"] == "calibration"
    wanted = _("At most %(wanted)s is asked for.") if most else _("At least %(wanted)s is asked for.")
    reason = {
        "passed": _("The whole interval keeps to it."),
        "failed": _("The whole interval misses it."),
        "not_proven": _("The interval lies on both sides, so too few cells prove it."),
    }
    return f"{told} {wanted % facts} {reason[one['verdict']]}"


def _percent(share: float) -> str:
    return f"{100 * share:.1f} %"
