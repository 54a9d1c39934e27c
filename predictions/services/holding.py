"""How a courier holds a destination: by a short lease, renewed while it sends and lives, proved by a fence.

A courier that dies in a call lets go within :data:`LEASE`; one that was thought dead and comes back shows an
old fence, so nothing that it still does is stored. All times are the database's.
"""

from __future__ import annotations

import logging
import random
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import timedelta
from threading import Event as Sign
from threading import Thread
from typing import Final
from uuid import UUID

from django.db import Error, connection, transaction
from django.db.models import Exists, F, OuterRef, Q, QuerySet
from django.db.models.functions import Now

from predictions.models import Delivery, Destination, Event

logger = logging.getLogger(__name__)

LEASE: Final = timedelta(seconds=20)
# Three of these may fail before the lease runs out.
RENEWED_EVERY: Final = 5.0
# Longer than any call may last (``predictions.exchange.outbound``), even with a slow lookup of the name: what
# hangs beyond that holds nobody up.
LONGEST_CALL: Final = 180.0
FIRST_PAUSE: Final = timedelta(minutes=1)
LONGEST_PAUSE: Final = timedelta(hours=6)


@dataclass(frozen=True, slots=True)
class Lease:
    """The right to send ``delivery`` as long as no other courier has taken its destination over.

    ``last`` says that the time for trying is over, so that this try is the last.
    """

    delivery: Delivery
    fence: int
    last: bool


def due(destination_id: UUID) -> QuerySet[Delivery]:
    """Return what may be sent now: nothing while an earlier delivery of the same sample waits."""
    waiting = Delivery.objects.filter(destination_id=destination_id, state=Delivery.State.WAITING)
    before = waiting.filter(sample=OuterRef("sample"), pk__lt=OuterRef("pk"))
    enabled = Q(destination__active=True) | Q(event=Event.TEST)
    return waiting.filter(enabled, ~Exists(before), next_at__lte=Now()).order_by("pk")


def claim(destination_id: UUID) -> Lease | None:
    """Take a destination and the next that is due for it; None: nothing is, or another courier is at it.

    The try is counted, and the next one set, before anything is sent: a delivery whose sending ends the
    process comes again when the lease has run out, and then ever more rarely.
    """
    if not due(destination_id).exists():
        return None
    with transaction.atomic():
        free = Q(leased_until=None) | Q(leased_until__lt=Now())
        mine = Destination.objects.filter(pk=destination_id)
        if not mine.filter(free).update(leased_until=Now() + LEASE, fence=F("fence") + 1):
            return None
        chosen = due(destination_id).select_related("destination", "report__sample", "report__signed_by")
        # Somebody who tests looks at the page and waits; the other order is kept.
        delivery = chosen.filter(event=Event.TEST).first() or chosen.first()
        if delivery is None:
            mine.update(leased_until=None)
            return None
        same = Delivery.objects.filter(pk=delivery.pk)
        last = delivery.event == Event.TEST or same.filter(give_up_at__lt=Now()).exists()
        unheard = pause(delivery.attempts) if delivery.attempts else LEASE
        delivery.attempts += 1
        same.update(attempts=delivery.attempts, next_at=Now() + unheard)
        return Lease(delivery, delivery.destination.fence, last)


@contextmanager
def renewed(lease: Lease) -> Iterator[None]:
    """Keep the lease for as long as the block runs and this process lives."""
    over = Sign()
    beat = Thread(target=_renew, args=(lease, over), daemon=True)
    beat.start()
    try:
        yield
    finally:
        over.set()
        beat.join()


def _renew(lease: Lease, over: Sign) -> None:
    own = Destination.objects.filter(pk=lease.delivery.destination_id, fence=lease.fence)
    held, end = True, time.monotonic() + LONGEST_CALL
    while held and time.monotonic() < end and not over.wait(RENEWED_EVERY):
        try:
            held = bool(own.update(leased_until=Now() + LEASE))
        except Error as error:
            # While the database is away nobody else can take the destination either.
            logger.warning("A lease could not be renewed: %s", type(error).__name__)
            connection.close()
    connection.close()


def pause(attempts: int) -> timedelta:
    """Return how long after so many tries the next one follows, so that receivers are not asked in step."""
    doubled = FIRST_PAUSE * 2 ** min(attempts - 1, 16)
    return min(doubled, LONGEST_PAUSE) * random.uniform(0.8, 1.2)  # noqa: S311 -- spreads tries, guards nothing
