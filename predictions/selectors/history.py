"""The history: filtered, newest first, paged by key so that a late page costs as much as the first."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, datetime, time, timedelta
from typing import TYPE_CHECKING, Final
from uuid import UUID

from django.db.models import Exists, OuterRef, Prefetch, Q, QuerySet
from django.utils import timezone
from django.utils.translation import gettext as _

from accounts.models import User
from predictions.errors import BadCursor
from predictions.models import Analysis, Cell, SmearField
from predictions.selectors.access import visible_fields
from predictions.types import HistoryFilters

if TYPE_CHECKING:
    from django.contrib.auth.models import AnonymousUser

PAGE_SIZE: Final = 30
_EPOCH: Final = datetime.fromisoformat("1970-01-01T00:00:00+00:00")
_MICROSECOND: Final = timedelta(microseconds=1)


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
        created_at, field_id = _read_key(after)
        older = Q(created_at__lt=created_at) | Q(created_at=created_at, id__lt=field_id)
        # The first condition repeats the second so that PostgreSQL can begin within the index.
        fields = fields.filter(created_at__lte=created_at).filter(older)
    analyses = Analysis.objects.select_related("model_version").order_by("-created_at")
    rows = list(
        fields.select_related("image", "job", "uploaded_by", "site")
        .prefetch_related(Prefetch("analyses", queryset=analyses), "analyses__cells")
        .order_by("-created_at", "-id")[: limit + 1]
    )
    page = rows[:limit]
    return HistoryPage(page, _write_key(page[-1]) if len(rows) > limit else None)


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
        conditions &= Q(created_at__gte=_midnight(filters.date_from))
    if filters.date_to:
        conditions &= Q(created_at__lt=_midnight(filters.date_to + timedelta(days=1)))
    if filters.label:
        named = Cell.objects.filter(analysis__field=OuterRef("pk"), label=filters.label, abstained=False)
        conditions &= Q(Exists(named))
    return fields.filter(conditions)


def _midnight(day: date) -> datetime:
    return timezone.make_aware(datetime.combine(day, time.min))


def _write_key(field: SmearField) -> str:
    """Name the place right after ``field``: microseconds since 1970 and the field's key, both exact."""
    return f"{(field.created_at - _EPOCH) // _MICROSECOND}-{field.pk.hex}"


def _read_key(key: str) -> tuple[datetime, UUID]:
    try:
        microseconds, _dash, field_id = key.partition("-")
        return _EPOCH + int(microseconds) * _MICROSECOND, UUID(hex=field_id)
    except (ValueError, OverflowError):
        raise BadCursor(_("This page of the history does not exist. Start again from the first.")) from None
