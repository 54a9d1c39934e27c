"""Every read of model versions and training runs."""

from __future__ import annotations

from uuid import UUID

from django.db.models import Count, QuerySet

from mlcore.registry.models import (
    Evaluation,
    ModelState,
    ModelVersion,
    Promotion,
    TrainingRun,
    TrainingState,
)


def active_version() -> ModelVersion | None:
    """Return the version that reads new smears, or None; one query."""
    return ModelVersion.objects.filter(state=ModelState.ACTIVE).first()


def shadow_version() -> ModelVersion | None:
    """Return the version that reads beside the active one without being shown, or None; one query."""
    return ModelVersion.objects.filter(state=ModelState.SHADOW).first()


def versions() -> QuerySet[ModelVersion]:
    """Return all versions, the active one first, then newest first."""
    active_first = ("state", "-registered_at")
    return ModelVersion.objects.select_related("registered_by").order_by(*active_first)


def version(version_id: UUID) -> ModelVersion:
    """Return one version.

    Raises:
        ModelVersion.DoesNotExist: there is none with that key.
    """
    return ModelVersion.objects.select_related("registered_by").get(pk=version_id)


def labels() -> set[str]:
    """Return every class that some registered version knows; one query."""
    lists = ModelVersion.objects.values_list("labels", flat=True)
    return {label for known in lists for label in known}


def training_runs() -> QuerySet[TrainingRun]:
    """Return all training runs, newest first."""
    return TrainingRun.objects.select_related("started_by", "result")


def training_counts() -> dict[str, int]:
    """Return how many runs stand in each state; states without any count as 0."""
    counts = TrainingRun.objects.values_list("state").annotate(Count("pk")).order_by()
    return dict.fromkeys(TrainingState.values, 0) | dict(counts)


def training_open() -> QuerySet[TrainingRun]:
    """Return the runs that wait or are under way."""
    return training_runs().filter(state__in=[TrainingState.QUEUED, TrainingState.RUNNING])


def evaluations(data: str | None = None) -> QuerySet[Evaluation]:
    """Return all evaluations with their versions, newest first; ``data`` those on one data set version."""
    found = Evaluation.objects.select_related("version", "ordered_by")
    return found if data is None else found.filter(data_sha256=data)


def promotions() -> QuerySet[Promotion]:
    """Return all promotions with their people, newest first."""
    return Promotion.objects.select_related("version", "before", "gate", "asked_by", "decided_by")
