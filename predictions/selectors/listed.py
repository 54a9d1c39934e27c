"""Samples and fields as programs ask for them: filtered here, paged by whoever shows them."""

from __future__ import annotations

from typing import TYPE_CHECKING

from django.db.models import Count, Exists, OuterRef, Q, QuerySet

from predictions.models import Cell, Sample, SampleTally, SmearField
from predictions.selectors.access import visible_fields
from predictions.selectors.readings import newest_readings
from predictions.selectors.samples import visible_samples
from predictions.types import FieldFilters, SampleFilters

if TYPE_CHECKING:
    from collections.abc import Sequence
    from uuid import UUID

    from django.contrib.auth.models import AnonymousUser

    from accounts.models import User


def samples_listed(user: User | AnonymousUser, filters: SampleFilters) -> QuerySet[Sample]:
    """Return the samples that ``user`` may see and that fit, in no order."""
    asked = {
        "state": filters.state,
        "site_id": filters.site,
        "created_by_id": filters.created_by,
        "received_at__gte": filters.received_after,
        "received_at__lt": filters.received_before,
        "flags__contains": [filters.flag] if filters.flag else None,
    }
    found = visible_samples(user).filter(**{name: value for name, value in asked.items() if value})
    if filters.kind:
        found = found.filter(Exists(SampleTally.objects.filter(sample=OuterRef("pk"), code=filters.kind)))
    return found


def samples_named(
    user: User | AnonymousUser, *, accession: str = "", patient_reference: str = ""
) -> QuerySet[Sample]:
    """Return the samples with this accession number, patient reference, or both; without either none."""
    found = visible_samples(user)
    if not accession and not patient_reference:
        return found.none()
    asked = Q(accession=accession.upper()) if accession else Q()
    return found.filter(asked & (Q(patient_reference=patient_reference) if patient_reference else Q()))


def fields_listed(user: User | AnonymousUser, filters: FieldFilters) -> QuerySet[SmearField]:
    """Return the fields that ``user`` may see and that fit, with image and job, in no order."""
    asked = {
        "job__state": filters.state,
        "site_id": filters.site,
        "uploaded_by_id": filters.created_by,
        "sample_id": filters.sample,
        "created_at__gte": filters.created_after,
        "created_at__lt": filters.created_before,
    }
    fields = visible_fields(user).select_related("image", "job")
    return fields.filter(**{name: value for name, value in asked.items() if value})


def fields_counted(samples: Sequence[UUID]) -> dict[UUID, int]:
    """Return how many fields each of the samples has; one without any is not among them."""
    rows = SmearField.objects.filter(sample__in=samples).order_by().values("sample")
    return dict(rows.annotate(number=Count("pk")).values_list("sample", "number"))


def cells_of(sample: Sample) -> QuerySet[Cell]:
    """Return the cells of the newest reading of each field of a sample, in no order."""
    newest = newest_readings([sample.pk])
    return Cell.objects.filter(analysis__in=newest.values("pk")).defer("look", "features").order_by()


def versions_of(sample: Sample) -> list[str]:
    """Return the versions of the models whose readings of a sample count."""
    named = cells_of(sample).values_list("analysis__model_version__version", flat=True)
    return sorted(set(named.distinct()))
