"""Holding each site's weeks against a version's first fields there, telling admins, and what they do then."""

from __future__ import annotations

import logging
from collections.abc import Sequence
from dataclasses import asdict
from datetime import date, timedelta
from typing import cast

from django.conf import settings
from django.core.mail import send_mail
from django.db import transaction
from django.db.models import Q
from django.utils import timezone, translation
from django.utils.translation import gettext as _

from accounts.audit.record import JSON, record
from accounts.models import Site, User
from accounts.permissions import Capability, require
from accounts.selectors import active_admins
from hematovision.core.errors import PortalError
from hematovision.core.origin import Origin
from hematovision.core.typed import typed
from mlcore.engine.drift import Verdict, compare
from mlcore.registry.models import ModelVersion
from mlcore.registry.selectors import active_version
from predictions.models import DriftGuard, DriftWeek
from predictions.selectors.drift import Baseline, baseline, limits, seen, week_of
from predictions.services.drift_notes import Note, measures_of, notes_for, notes_of, quiet

logger = logging.getLogger(__name__)

NOTE_LENGTH = 500


class DriftRefused(PortalError):  # noqa: N818 -- the name says what happened
    """A note without words, or a limit that is none; nothing was changed."""

    code = "drift_refused"
    status = 422


def watch_drift(today: date | None = None) -> list[DriftWeek]:
    """Judge the present and the past week of every site for the active model; return what alarms newly.

    Any number of calls give the same rows. New alarms are in the log, and go to the admins by mail where the
    site sends any.
    """
    version = active_version()
    if version is None:
        return []
    day = today or timezone.localdate()
    monday = day - timedelta(days=day.weekday())
    fresh = []
    for site in Site.objects.order_by("name"):
        first = baseline(site, version)
        if isinstance(first, Baseline):
            for week in (monday - timedelta(days=7), monday):
                row = _judge(site, version, first, week)
                fresh += [row] if row else []
    if fresh:
        _tell_admins(fresh)
    return fresh


def drift_acknowledge(*, actor: User, origin: Origin, week_id: int, note: str) -> DriftWeek:
    """Let an admin take note of what alarms in a week, and with it of the same in other standing weeks.

    What alarms later is a new alarm, unless it is the same and no worse (``drift_notes``).

    Raises:
        PermissionDenied: the actor's role may not change models.
        DriftWeek.DoesNotExist: there is no such week.
        DriftRefused: the note says nothing.
    """
    require(actor, Capability.MANAGE_MODELS)
    said = typed(note)[:NOTE_LENGTH]
    with transaction.atomic():
        row = DriftWeek.objects.get(pk=week_id)
        if not said:
            raise DriftRefused(_("Say what you found: whoever meets the next alarm reads it."))
        together = Q(site=row.site_id, model_version=row.model_version_id, stands=True)
        held = DriftWeek.objects.select_for_update(no_key=True).order_by("pk")
        weeks = {one.pk: one for one in held.filter(together | Q(pk=week_id))}
        row = weeks.pop(week_id)
        notes = notes_of(row)
        row.seen, row.noted, row.stands = list(row.alarms), {**row.noted, **notes}, False
        row.seen_by, row.seen_at, row.note = actor, timezone.now(), said
        row.save()
        others = [str(one.week) for one in weeks.values() if _settled(one, notes)]
        record(
            "drift.acknowledged",
            actor=actor,
            subject=row,
            origin=origin,
            detail={
                "week": str(row.week),
                "alarms": list(row.alarms),
                "note": said,
                "also": cast("list[JSON]", others),
            },
        )
    return row


def drift_guard_set(*, actor: User, origin: Origin, site: Site, least: float | None) -> None:
    """Let a site show no answer below ``least`` while an alarm stands, or, None, whatever the model answers.

    Raises:
        PermissionDenied: the actor's role may not change models.
        DriftRefused: ``least`` lies not between 0 and 1.
    """
    require(actor, Capability.MANAGE_MODELS)
    if least is not None and not 0 < least < 1:
        raise DriftRefused(_("The least confidence lies between 1 and 99 %. Nothing was changed."))
    with transaction.atomic():
        if least is None:
            DriftGuard.objects.filter(site=site).delete()
        else:
            facts = {"least_confidence": least, "changed_by": actor}
            DriftGuard.objects.update_or_create(site=site, defaults=facts)
        record("drift.guard_set", actor=actor, subject=site, origin=origin, detail={"least": least})


def _judge(site: Site, version: ModelVersion, first: Baseline, monday: date) -> DriftWeek | None:
    """Store the measures of a week; return it if something alarms that did not before."""
    readings = week_of(site, version, monday, first.ends)
    fields = readings.count()
    if not fields:
        return None
    now = seen(readings)
    measures = compare(first.seen, now, limits())
    alarms = [one.name for one in measures if one.verdict == Verdict.ALARM]
    with transaction.atomic():
        held = DriftWeek.objects.select_for_update(no_key=True)
        known = {"fields": 0, "cells": 0}
        row, _made = held.get_or_create(site=site, model_version=version, week=monday, defaults=known)
        # What stands stays until somebody looks, whatever the rest of the week brings.
        before = row.standing
        row.noted = notes_for(row, measures)
        standing = before | (set(alarms) - quiet(row.noted, measures, monday))
        fresh = sorted(standing - before)
        row.fields, row.cells = fields, sum(now.shares["classes"].values())
        row.measures = [asdict(one) for one in measures]
        row.alarms = sorted({*row.alarms, *alarms})
        row.seen, row.stands = sorted(set(row.alarms) - standing), bool(standing)
        row.save()
        if fresh:
            record("drift.alarmed", actor=None, subject=row, detail={"week": str(monday), "alarms": [*fresh]})
    return row if fresh else None


def _settled(row: DriftWeek, notes: dict[str, Note]) -> bool:
    """Let ``notes`` hold in another week too; return whether they settle one of its standing alarms."""
    known = quiet(notes, measures_of(row), row.week) & row.standing
    if not known:
        return False
    row.noted = {**row.noted, **{name: notes[name] for name in known}}
    row.seen = sorted({*row.seen, *known})
    row.stands = bool(row.standing)
    row.save()
    return True


def _tell_admins(fresh: Sequence[DriftWeek]) -> None:
    """Send what alarms newly; a mail that cannot be sent is logged: the dashboard tells too."""
    if not settings.MAIL_ENABLED:
        return
    with translation.override(settings.LANGUAGE_CODE):
        head = _("HematoVision: the pictures of %(sites)s have changed")
        sites = ", ".join(sorted({row.site.name for row in fresh}))
        body = _(
            "What the model meets is no longer what it met in its first weeks. Look at Drift in the portal, "
            "find out what has changed (stain, lamp, focus, patients), and take note of the alarm there."
        )
    try:
        send_mail(head % {"sites": sites}, body, None, [admin.email for admin in active_admins()])
    except OSError:
        logger.exception("The mail about drift could not be sent")
