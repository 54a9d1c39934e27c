"""The worklist: samples oldest first, filtered, paged by key so that late pages cost no more."""

from __future__ import annotations

import hashlib
from dataclasses import dataclass, replace
from datetime import datetime
from typing import TYPE_CHECKING, Final
from uuid import UUID

from django.db.models import Count, Exists, OuterRef, Q, QuerySet

from accounts.permissions import Capability, can
from predictions.models import EventKind, Sample, SampleEvent, SampleTally
from predictions.selectors.keys import midnight, next_midnight, read_key, write_key
from predictions.selectors.samples import visible_samples
from predictions.states import SampleState
from predictions.types import ALL_STATES, WorklistFilters

if TYPE_CHECKING:
    from django.contrib.auth.models import AnonymousUser

    from accounts.models import User

PAGE_SIZE: Final = 30
# What still waits for somebody. Signed and cancelled samples are found by their state or by search.
OPEN: Final = (
    SampleState.RECEIVING,
    SampleState.ANALYSING,
    SampleState.TO_REVIEW,
    SampleState.IN_REVIEW,
    SampleState.FAILED,
)


@dataclass(frozen=True, slots=True)
class WorklistPage:
    """Some samples, and the key of the page after them; None on the last."""

    samples: list[Sample]
    next: str | None


@dataclass(frozen=True, slots=True)
class News:
    """How many samples were registered, became ready for review, or were handed to the doctor."""

    registered: int
    to_review: int
    in_review: int


def worklist(
    user: User | AnonymousUser, *, filters: WorklistFilters, after: str | None = None, limit: int = PAGE_SIZE
) -> WorklistPage:
    """Return the page of samples that follows the key ``after``.

    Raises:
        BadCursor: ``after`` is not a key that this function gave out.
    """
    samples = _filtered(visible_samples(user), filters)
    if after:
        samples = _later(samples, *read_key(after))
    rows = list(samples.select_related("site").order_by("received_at", "id")[: limit + 1])
    page = rows[:limit]
    return WorklistPage(page, write_key(page[-1].received_at, page[-1].pk) if len(rows) > limit else None)


def states_counted(user: User | AnonymousUser, filters: WorklistFilters) -> dict[str, int]:
    """Return how many samples stand in each state that still waits for somebody, under the other filters."""
    waiting = _filtered(visible_samples(user), replace(filters, state="", text="")).order_by()
    return dict(waiting.values("state").annotate(number=Count("pk")).values_list("state", "number"))


def waits_for(user: User | AnonymousUser) -> SampleState:
    """Return the state in which a sample waits for this person: technicians review, doctors sign."""
    return SampleState.IN_REVIEW if can(user, Capability.SIGN_REPORTS) else SampleState.TO_REVIEW


def next_waiting(
    user: User | AnonymousUser, filters: WorklistFilters, after: Sample | None = None
) -> UUID | None:
    """Return the key of the sample that ``user`` opens next, or None where nothing else waits.

    It is the oldest one under the filters, of those after the sample ``after`` if there are any. Where no
    state is asked for, it stands where it waits for this person (:func:`waits_for`).
    """
    samples = _filtered(visible_samples(user), replace(filters, text=""))
    if not filters.state:
        samples = samples.filter(state=waits_for(user))
    keys = samples.order_by("received_at", "id").values_list("pk", flat=True)
    if after is None:
        return keys.first()
    return _later(keys, after.received_at, after.pk).first() or keys.exclude(pk=after.pk).first()


def open_mark(user: User | AnonymousUser) -> str:
    """Return a short text that changes whenever a sample is changed, since every one is open while it is."""
    waiting = visible_samples(user).filter(state__in=OPEN).order_by("pk")
    told = repr(list(waiting.values_list("pk", "revision", "flags")))
    return hashlib.sha256(told.encode()).hexdigest()[:32]


def news_since(user: User | AnonymousUser, moment: datetime) -> News:
    """Return what has happened after ``moment`` to the samples that still wait for somebody."""
    events = SampleEvent.objects.filter(
        sample__in=visible_samples(user).filter(state__in=OPEN), at__gt=moment
    )
    moved = Q(kind=EventKind.MOVED)
    counted = events.aggregate(
        registered=Count("sample", filter=Q(kind=EventKind.CREATED), distinct=True),
        to_review=Count("sample", filter=moved & Q(detail__to=SampleState.TO_REVIEW.value), distinct=True),
        in_review=Count("sample", filter=moved & Q(detail__to=SampleState.IN_REVIEW.value), distinct=True),
    )
    return News(**counted)


def _later(samples: QuerySet, received_at: datetime, sample_id: UUID) -> QuerySet:
    later = Q(received_at__gt=received_at) | Q(received_at=received_at, id__gt=sample_id)
    # The first condition repeats the second so that PostgreSQL can begin within the index.
    return samples.filter(received_at__gte=received_at).filter(later)


def _filtered(samples: QuerySet[Sample], filters: WorklistFilters) -> QuerySet[Sample]:
    conditions = Q()
    if filters.text:
        found = Q(accession__startswith=filters.text.upper()) | Q(patient_reference__iexact=filters.text)
        conditions &= found
    if filters.kind:
        conditions &= Q(Exists(SampleTally.objects.filter(sample=OuterRef("pk"), code=filters.kind)))
    if filters.flag:
        conditions &= Q(flags__contains=[filters.flag])
    if filters.person:
        conditions &= Q(created_by_id=filters.person)
    if filters.date_from:
        conditions &= Q(received_at__gte=midnight(filters.date_from))
    if filters.date_to:
        conditions &= Q(received_at__lt=next_midnight(filters.date_to))
    return _in_state(samples.filter(conditions), filters)


def _in_state(samples: QuerySet[Sample], filters: WorklistFilters) -> QuerySet[Sample]:
    if filters.state == ALL_STATES or (filters.text and not filters.state):
        return samples
    return samples.filter(state=filters.state) if filters.state else samples.filter(state__in=OPEN)
