"""Where other programs are told, and what of it has arrived."""

from __future__ import annotations

from dataclasses import dataclass

from django.db.models import (
    Count,
    DurationField,
    Exists,
    ExpressionWrapper,
    Min,
    OuterRef,
    Q,
    QuerySet,
    Subquery,
)
from django.db.models.functions import Coalesce, Now

from predictions.models import Delivery, Destination, Event

# From so many failures in a row on, the dashboard speaks of a destination that is still enabled.
WORTH_A_WORD = 5


@dataclass(frozen=True, slots=True)
class OutboxStatus:
    """How much waits for enabled destinations and how long the oldest has, and how much was given up."""

    waiting: int
    dead: int
    oldest_wait_seconds: float


def destinations() -> QuerySet[Destination]:
    """Return all destinations by name, with how much is ``waiting`` and ``dead`` and the ``last_success``."""
    mine = Delivery.objects.filter(destination=OuterRef("pk")).exclude(event=Event.TEST).order_by()

    def number(state: Delivery.State) -> Coalesce:
        counted = mine.filter(state=state).values("destination").annotate(n=Count("pk")).values("n")
        return Coalesce(Subquery(counted), 0)

    delivered = mine.filter(state=Delivery.State.DELIVERED).order_by("-delivered_at")
    return Destination.objects.select_related("site").annotate(
        waiting=number(Delivery.State.WAITING),
        dead=number(Delivery.State.DEAD),
        last_success=Subquery(delivered.values("delivered_at")[:1]),
    )


def troubled() -> QuerySet[Destination]:
    """Return the destinations that an admin should look at: something was given up, or it keeps failing."""
    return destinations().filter(Q(dead__gt=0) | Q(failures__gte=WORTH_A_WORD))


def deliveries() -> QuerySet[Delivery]:
    """Return everything that was to be told, newest first, without tests of the way.

    ``behind`` says that something earlier of the same sample has to arrive there first.
    """
    earlier = Delivery.objects.filter(
        destination=OuterRef("destination"),
        sample=OuterRef("sample"),
        state=Delivery.State.WAITING,
        pk__lt=OuterRef("pk"),
    )
    told = Delivery.objects.exclude(event=Event.TEST).annotate(behind=Exists(earlier))
    return told.select_related("destination", "sample", "report")


def last_test(destination: Destination) -> Delivery | None:
    """Return the newest test of a destination."""
    return Delivery.objects.filter(destination=destination, event=Event.TEST).first()


def outbox_status() -> OutboxStatus:
    """Return the state of the outbox in numbers."""
    waiting = Q(state=Delivery.State.WAITING, destination__active=True)
    oldest = ExpressionWrapper(Now() - Min("created_at", filter=waiting), output_field=DurationField())
    # Named by what the index holds.
    unfinished = Delivery.objects.exclude(state=Delivery.State.DELIVERED).exclude(event=Event.TEST)
    found = unfinished.aggregate(
        waiting=Count("pk", filter=waiting),
        dead=Count("pk", filter=Q(state=Delivery.State.DEAD)),
        oldest=oldest,
    )
    seconds = found["oldest"].total_seconds() if found["oldest"] else 0.0
    return OutboxStatus(found["waiting"], found["dead"], max(0.0, seconds))
