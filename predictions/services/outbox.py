"""Posting what happened for the programs that want to know, in the same transaction."""

from __future__ import annotations

from datetime import timedelta
from typing import Final

from django.db.models import Q
from django.db.models.functions import Now

from hematovision.core.queue import DELIVER, ring_on_commit
from predictions.models import Delivery, Destination, Event, Report, Sample

# For how long a delivery is tried before it is given up.
TRYING: Final = timedelta(days=3)


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
