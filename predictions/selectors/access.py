"""The one place that decides who sees what."""

from __future__ import annotations

from typing import TYPE_CHECKING
from uuid import UUID

from django.db.models import Prefetch, Q, QuerySet, prefetch_related_objects

from accounts.models import User
from accounts.permissions import Capability, can
from predictions.models import Analysis, Cell, Sample, SmearField
from predictions.selectors.emergency import opened_samples

if TYPE_CHECKING:
    from django.contrib.auth.models import AnonymousUser


def visible_fields(user: User | AnonymousUser) -> QuerySet[SmearField]:
    """Return the fields that ``user`` may see: of all sites, of their own and of opened samples, or none."""
    fields = SmearField.objects.all()
    if can(user, Capability.VIEW_ALL_SITES):
        return fields
    if user.is_authenticated and can(user, Capability.VIEW_RESULTS):
        return fields.filter(Q(site_id=user.site_id) | Q(sample__in=opened_samples(user)))
    return fields.none()


def may_change(user: User | AnonymousUser, sample: Sample, act: Capability) -> bool:
    """Whether ``user`` may do ``act`` to ``sample``; one that only an emergency opened is for reading."""
    at_home = user.is_authenticated and user.site_id == sample.site_id
    return can(user, act) and (at_home or can(user, Capability.VIEW_ALL_SITES))


def field_detail(user: User | AnonymousUser, field_id: UUID) -> SmearField:
    """Return a field with its image, job, people, and every analysis with its cells, newest analysis first.

    Raises:
        SmearField.DoesNotExist: there is none, or it belongs to a site that ``user`` may not see.
    """
    field = visible_fields(user).select_related("image", "job", "uploaded_by", "site").get(pk=field_id)
    analyses = Analysis.objects.select_related("model_version").order_by("-created_at")
    prefetch_related_objects([field], Prefetch("analyses", queryset=analyses), "analyses__cells")
    return field


def latest_reading(field: SmearField) -> tuple[Analysis | None, list[Cell]]:
    """Return the newest analysis of a field and its cells: one query, two when no cell was found."""
    newest = Analysis.objects.filter(field=field).order_by("-created_at").select_related("model_version")
    cells = list(
        Cell.objects.filter(analysis=newest.values("pk")[:1]).select_related("analysis__model_version")
    )
    return (cells[0].analysis if cells else newest.first()), cells


def visible_cell(user: User | AnonymousUser, cell_id: UUID) -> Cell:
    """Return a cell with its field and image, for showing its crop.

    Raises:
        Cell.DoesNotExist: there is none, or its field is not for ``user`` to see.
    """
    return (
        Cell.objects.select_related("analysis__field__image")
        .filter(analysis__field__in=visible_fields(user))
        .get(pk=cell_id)
    )
