"""Posting what happened for the programs that want to know, in the same transaction; and forgetting it."""

from __future__ import annotations

from datetime import timedelta
from typing import Final

from django.conf import settings
from django.db import transaction
from django.db.models import Exists, OuterRef, Q, QuerySet
from django.db.models.functions import Now

from accounts.audit.record import JSON, record
from hematovision.core.queue import DELIVER, ring_on_commit
from predictions.models import Delivery, Destination, Event, Report, Sample

# For how long a delivery is tried before it is given up.
TRYING: Final = timedelta(days=3)
# A run deletes no more, so that nobody waits for it; the next one goes on.
MOST_SWEPT: Final = 10_000


def post(event: Event, *, sample: Sample | None = None, report: Report | None = None, subject: str) -> int:
    """Post ``event`` to every destination that listens to it, and return to how many.

    A sample's event goes to the destinations of its site and of all sites. One that is disabled is posted to
    as well: it gets what it missed when it is enabled again.

    Args:
        subject: names this single occurrence; a second post of it changes nothing.
    """
    listening = Destination.objects.filter(events__contains=[event.value])
    if sample is not None:
        listening = listening.filter(Q(site=None) | Q(site=sample.site_id))
    posted = [
        Delivery(
            destination=destination,
            event=event,
            sample=sample,
            report=report,
            subject=subject,
            give_up_at=Now() + TRYING,
        )
        for destination in listening
    ]
    Delivery.objects.bulk_create(posted, ignore_conflicts=True)
    for delivery in posted:
        ring_on_commit(DELIVER, str(delivery.destination_id))
    return len(posted)


def outbox_sweep() -> int:
    """Delete what arrived longer ago than the setting says, 0 days meaning never; return how much.

    What was given up stays until a person decides. So does the last report that each destination was told of
    each sample, which says what they know there and that no earlier one may be sent again; and the last thing
    of all that arrived at a destination. Tests go however they ended.
    """
    if not settings.RETENTION_DELIVERIES_DAYS:
        return 0
    with transaction.atomic():
        removed = Delivery.objects.filter(pk__in=_forgettable().values("pk")[:MOST_SWEPT]).delete()[0]
        if removed:
            detail: dict[str, JSON] = {"deliveries": removed, "days": settings.RETENTION_DELIVERIES_DAYS}
            record("retention.deliveries_removed", actor=None, detail=detail)
    return removed


def _forgettable() -> QuerySet[Delivery]:
    # A promotion counts as posted by its rows, for as long as it is news.
    age = max(timedelta(days=settings.RETENTION_DELIVERIES_DAYS), TRYING)
    ended = Delivery.objects.filter(created_at__lt=Now() - age).exclude(state=Delivery.State.WAITING)
    arrived = Delivery.objects.filter(state=Delivery.State.DELIVERED).exclude(event=Event.TEST)
    same = arrived.filter(destination=OuterRef("destination"))
    later = same.filter(delivered_at__gt=OuterRef("delivered_at"))
    newer_report = same.filter(sample=OuterRef("sample"), report__isnull=False, pk__gt=OuterRef("pk"))
    gone = Q(delivered_at__lt=Now() - age) & Exists(later) & (Q(report=None) | Exists(newer_report))
    return ended.filter(Q(event=Event.TEST) | gone).order_by("pk")
