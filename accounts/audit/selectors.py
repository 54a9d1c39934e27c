"""Reads of the log: filters, and pages by key from the newest event down."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, timedelta
from uuid import UUID

from django.db.models import QuerySet

from accounts.audit.models import AuditEvent, ChainHead
from accounts.models import User
from hematovision.core.days import midnight


@dataclass(frozen=True, slots=True)
class AuditFilters:
    """What to show; an empty filter lets everything pass.

    ``subject`` is the key of an object; dates count whole days in the portal's time zone, both ends included.
    """

    event: str = ""
    person: UUID | None = None
    subject: str = ""
    date_from: date | None = None
    date_to: date | None = None


@dataclass(frozen=True, slots=True)
class AuditPage:
    """Some events, newest first, and the key after which the next page begins (None at the end)."""

    events: list[AuditEvent]
    next: int | None


def audit_page(*, filters: AuditFilters, before: int | None = None, limit: int = 50) -> AuditPage:
    """Return up to ``limit`` events older than the event ``before``."""
    rows = filtered(filters).select_related("actor", "site")
    if before is not None:
        rows = rows.filter(pk__lt=before)
    events = list(rows.order_by("-pk")[: limit + 1])
    return AuditPage(events=events[:limit], next=events[limit - 1].pk if len(events) > limit else None)


def emergencies_of(person: User) -> list[AuditEvent]:
    """Return when ``person`` opened samples of other sites in an emergency, the newest twenty."""
    return list(AuditEvent.objects.filter(actor=person, event="sample.emergency_opened")[:20])


def last_number() -> int:
    """Return the number of the newest event; numbers have no gaps, so it is how many there are."""
    return ChainHead.objects.values_list("last", flat=True).first() or 0


def event_names() -> list[str]:
    """Return every kind of event that has happened, for the filter."""
    return list(AuditEvent.objects.order_by("event").values_list("event", flat=True).distinct())


def filtered(filters: AuditFilters) -> QuerySet[AuditEvent]:
    """Return the events that pass the filters, in no particular order."""
    wanted = {
        "event": filters.event,
        "actor": filters.person,
        "subject_id": filters.subject,
        "at__gte": filters.date_from and midnight(filters.date_from),
        "at__lt": filters.date_to and midnight(filters.date_to + timedelta(days=1)),
    }
    return AuditEvent.objects.filter(**{name: value for name, value in wanted.items() if value})
