"""What somebody has opened of other sites in an emergency."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta
from uuid import UUID

from django.db.models import QuerySet
from django.db.models.functions import Now
from django.utils import timezone

from accounts.audit.models import AuditEvent
from accounts.models import User
from accounts.permissions import Capability, can
from predictions.models import EmergencyAccess, Sample

OPENED = "sample.emergency_opened"


@dataclass(frozen=True, slots=True)
class Emergency:
    """One access, as the log has it."""

    at: datetime
    person: User | None
    sample_id: UUID
    accession: str
    reason: str


def opened_samples(user: User) -> QuerySet[EmergencyAccess, UUID]:
    """Return the keys of the samples that ``user`` may see at this moment, for use inside another query."""
    running = EmergencyAccess.objects.filter(person=user, expires_at__gt=Now())
    return running.values_list("sample_id", flat=True)


def emergency_until(user: User, sample: Sample) -> datetime | None:
    """Return until when ``user`` may see a sample of another site, None if they may without emergency."""
    if sample.site_id == user.site_id or can(user, Capability.VIEW_ALL_SITES):
        return None
    found = EmergencyAccess.objects.filter(person=user, sample=sample).order_by("-expires_at").first()
    return found.expires_at if found else None


def emergencies(days: int = 7) -> list[Emergency]:
    """Return the accesses of the last ``days``, newest first, with the samples they were to: two queries."""
    since = timezone.now() - timedelta(days=days)
    events = list(AuditEvent.objects.filter(event=OPENED, at__gte=since).select_related("actor"))
    samples = Sample.objects.filter(pk__in=[one.subject_id for one in events])
    names = dict(samples.values_list("pk", "accession"))
    return [
        Emergency(one.at, one.actor, key, names.get(key, ""), str(one.detail.get("reason", "")))
        for one in events
        for key in [UUID(one.subject_id)]
    ]
