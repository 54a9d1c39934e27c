"""Posting that a model was made active: the registry knows nothing of programs outside, so a sweep looks."""

from __future__ import annotations

from django.db import transaction
from django.db.models import CharField, Exists, OuterRef
from django.db.models.functions import Cast, Now

from mlcore.registry.models import Promotion, PromotionState
from predictions.models import Delivery, Destination, Event
from predictions.services.outbox import TRYING, post


def promotions_post() -> int:
    """Post the promotions that are newer than the last one posted; return how many deliveries that made.

    What was decided before anybody listened, or longer ago than a delivery is tried for, is news no more.
    """
    listening = Destination.objects.filter(events__contains=[Event.PROMOTED.value])
    first = listening.order_by("created_at").first()
    if first is None:
        return 0
    mine = Delivery.objects.filter(event=Event.PROMOTED, subject=Cast(OuterRef("pk"), CharField()))
    new = Promotion.objects.filter(
        ~Exists(mine),
        state=PromotionState.DONE,
        decided_at__gt=Now() - TRYING,
        decided_at__gte=first.created_at,
    )
    with transaction.atomic():
        return sum(post(Event.PROMOTED, subject=str(one.pk)) for one in new.order_by("decided_at"))
