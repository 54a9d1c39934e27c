"""The worklist: samples oldest first, filtered, paged by key so that late pages cost no more."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import timedelta
from typing import TYPE_CHECKING, Final
from uuid import UUID

from django.db.models import Count, Q, QuerySet

from predictions.models import Sample
from predictions.selectors.keys import midnight, read_key, write_key
from predictions.selectors.samples import visible_samples
from predictions.states import SampleState
from predictions.types import WorklistFilters

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


def worklist(
    user: User | AnonymousUser, *, filters: WorklistFilters, after: str | None = None, limit: int = PAGE_SIZE
) -> WorklistPage:
    """Return the page of samples that follows the key ``after``.

    Raises:
        BadCursor: ``after`` is not a key that this function gave out.
    """
    samples = _filtered(visible_samples(user), filters)
    if after:
        received_at, sample_id = read_key(after)
        later = Q(received_at__gt=received_at) | Q(received_at=received_at, id__gt=sample_id)
        # The first condition repeats the second so that PostgreSQL can begin within the index.
        samples = samples.filter(received_at__gte=received_at).filter(later)
    rows = list(samples.select_related("site").order_by("received_at", "id")[: limit + 1])
    page = rows[:limit]
    return WorklistPage(page, write_key(page[-1].received_at, page[-1].pk) if len(rows) > limit else None)


def states_counted(user: User | AnonymousUser) -> dict[str, int]:
    """Return how many samples stand in each of the states that still wait for somebody."""
    waiting = visible_samples(user).filter(state__in=OPEN).order_by()
    return dict(waiting.values("state").annotate(number=Count("pk")).values_list("state", "number"))


def next_sample(user: User | AnonymousUser, sample: Sample) -> UUID | None:
    """Return the key of the next sample in the same state as ``sample``, oldest first, or None."""
    page = worklist(
        user,
        filters=WorklistFilters(state=sample.state),
        after=write_key(sample.received_at, sample.pk),
        limit=1,
    )
    return page.samples[0].pk if page.samples else None


def _filtered(samples: QuerySet[Sample], filters: WorklistFilters) -> QuerySet[Sample]:
    if filters.text:
        found = Q(accession__startswith=filters.text.upper()) | Q(patient_reference__iexact=filters.text)
        samples = samples.filter(found)
    if filters.state:
        samples = samples.filter(state=filters.state)
    elif not filters.text:
        samples = samples.filter(state__in=OPEN)
    if filters.date_from:
        samples = samples.filter(received_at__gte=midnight(filters.date_from))
    if filters.date_to:
        samples = samples.filter(received_at__lt=midnight(filters.date_to + timedelta(days=1)))
    return samples
