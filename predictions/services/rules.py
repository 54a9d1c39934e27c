"""Changing the laboratory's rules: each change is a version of its own, and no version is ever changed."""

from __future__ import annotations

import math

from django.db import IntegrityError, transaction
from django.utils.translation import gettext as _

from accounts.audit.record import JSON, record
from accounts.models import User
from accounts.permissions import Capability, require
from hematovision.core.origin import Origin
from predictions.differential.critical_checks import check_limits
from predictions.differential.range_checks import check_ranges
from predictions.errors import RulesRefused
from predictions.models import CellType, Rules
from predictions.models.samples import TARGETS
from predictions.selectors import RulesInForce
from predictions.selectors import rules as rules_in_force
from predictions.services.recount import alone, judge_open

REASON_LENGTH = 500


def rules_change(*, actor: User, origin: Origin, wanted: RulesInForce, reason: str) -> Rules:
    """Put new rules in force; reports that are signed keep what they were made by.

    Args:
        wanted: the new rules, with the version that the person had before them, None for the values to
            start from.

    Raises:
        PermissionDenied: the actor's role may not edit the rules.
        RulesRefused: something is wrong with them, all of which it says, or somebody else has changed them
            since; nothing was changed.
    """
    require(actor, Capability.EDIT_RULES)
    if faults := _faults(wanted, reason):
        raise RulesRefused(faults)
    before = rules_in_force()
    if before.version != wanted.version:
        raise _changed_meanwhile()
    content, old, version = wanted.content(), before.content(), (before.version or 0) + 1
    reason = reason.strip()[:REASON_LENGTH]
    try:
        with transaction.atomic():
            alone()
            made = Rules.objects.create(id=version, content=content, created_by=actor, reason=reason)
            judge_open()
            changed: list[JSON] = [name for name in content if content[name] != old[name]]
            detail: dict[str, JSON] = {"version": version, "changed": changed}
            record("rules.changed", actor=actor, subject=made, origin=origin, detail=detail)
    except IntegrityError as problem:
        # The version's number is its key: of two people who edit the same version, one is first.
        raise _changed_meanwhile() from problem
    return made


def _faults(wanted: RulesInForce, reason: str) -> list[str]:
    """Return a sentence for everything that is wrong."""
    names = dict(CellType.objects.values_list("code", "name"))
    faults = [*check_ranges(wanted.ranges, names), *check_limits(wanted.limits, names)]
    points = wanted.delta_points
    if points is not None and not (math.isfinite(points) and 0 < points <= 100):
        faults.append(_("The limit for a change is between 0 and 100 percentage points."))
    if wanted.target not in TARGETS:
        told = ", ".join(str(count) for count in TARGETS)
        faults.append(_("The number of leukocytes to count is one of %(targets)s.") % {"targets": told})
    if not reason.strip():
        faults.append(_("Say why the rules change: the history keeps it."))
    return faults


def _changed_meanwhile() -> RulesRefused:
    return RulesRefused(
        [
            _(
                "Somebody else has changed the rules since you opened them. Nothing of yours was saved: open "
                "the page again in a second window, compare, and enter your changes there."
            )
        ]
    )
