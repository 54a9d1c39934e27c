"""The history: filtered, newest first, paged by key so that a late page costs as much as the first."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

from django.db.models import Exists, OuterRef, Prefetch, Q, QuerySet

from accounts.models import User
from predictions.models import Analysis, Cell, SmearField
from predictions.selectors.access import visible_fields
from predictions.selectors.keys import midnight, next_midnight, read_key, write_key
from predictions.types import HistoryFilters

if TYPE_CHECKING:
    from django.contrib.auth.models import AnonymousUser

PAGE_SIZE: Final = 30


@dataclass(frozen=True, slots=True)
class HistoryPage:
    """Some fields, and the key of the page after them; None on the last.

    Every field has its job, image, person and site at hand, and its analyses, newest first, each with
    ``cells`` in order.
    """

    fields: list[SmearField]
    next: str | None


def history(
    user: User | AnonymousUser, *, filters: HistoryFilters, after: str | None = None, limit: int = PAGE_SIZE
) -> HistoryPage:
    """Return the page of fields that follows the key ``after``.

    Raises:
        BadCursor: ``after`` is not a key that this function gave out.
    """
    fields = filtered(visible_fields(user), filters, user)
    if after:
        created_at, field_id = read_key(after)
        older = Q(created_at__lt=created_at) | Q(created_at=created_at, id__lt=field_id)
        # The first condition repeats the second so that PostgreSQL can begin within the index.
        fields = fields.filter(created_at__lte=created_at).filter(older)
    analyses = Analysis.objects.select_related("model_version").order_by("-created_at")
    rows = list(
        fields.select_related("image", "job", "uploaded_by", "site")
        .prefetch_related(
            Prefetch("analyses", queryset=analyses),
            # Where the model looked is a map for each cell, which no list shows.
            Prefetch("analyses__cells", queryset=Cell.objects.defer("look")),
        )
        .order_by("-created_at", "-id")[: limit + 1]
    )
    page = rows[:limit]
    return HistoryPage(page, write_key(page[-1].created_at, page[-1].pk) if len(rows) > limit else None)


def filtered(
    fields: QuerySet[SmearField], filters: HistoryFilters, user: User | AnonymousUser
) -> QuerySet[SmearField]:
    """Narrow ``fields`` to what the filters ask for; ``user`` is who "mine" means."""
    conditions = Q()
    if filters.mine:
        conditions &= Q(uploaded_by_id=user.pk)
    if filters.person:
        conditions &= Q(uploaded_by_id=filters.person)
    if filters.state:
        conditions &= Q(job__state=filters.state)
    if filters.text.strip():
        conditions &= Q(original_name__icontains=filters.text.strip().replace("\0", ""))
    if filters.date_from:
        conditions &= Q(created_at__gte=midnight(filters.date_from))
    if filters.date_to:
        conditions &= Q(created_at__lt=next_midnight(filters.date_to))
    if filters.read_by:
        read = Analysis.objects.filter(field=OuterRef("pk"), model_version=filters.read_by)
        conditions &= Q(Exists(read))
    if filters.label:
        named = Cell.objects.filter(analysis__field=OuterRef("pk"), label=filters.label, abstained=False)
        conditions &= Q(Exists(named))
    return fields.filter(conditions)
