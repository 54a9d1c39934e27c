"""How a worker claims, holds and ends an import: a lease on the database's clock, proved by a fence."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any
from uuid import UUID

from django.db import models, transaction
from django.db.models.functions import Now

from accounts.audit.record import JSON, record
from mlcore.registry.models import DataSetState, DataSetVersion
from mlcore.training.lease import LEASE, LostLease


def _free() -> models.QuerySet[DataSetVersion]:
    """Return the imports that nobody holds."""
    waiting = models.Q(lease_until__isnull=True) | models.Q(lease_until__lt=Now())
    return DataSetVersion.objects.filter(waiting, state=DataSetState.IMPORTING)


def claim(version_id: UUID) -> DataSetVersion | None:
    """Take the import for this worker, or return None when it has ended or another worker holds it."""
    taken = (
        _free()
        .filter(pk=version_id)
        .update(
            lease_until=Now() + LEASE,
            fence=models.F("fence") + 1,
            attempts=models.F("attempts") + 1,
        )
    )
    found = DataSetVersion.objects.select_related("dataset", "created_by")
    return found.get(pk=version_id) if taken else None


def renew(version: DataSetVersion, progress: Mapping[str, JSON]) -> None:
    """Store progress and hold the import for another minute.

    Raises:
        LostLease: another worker has taken it over.
    """
    if not _held(version).update(lease_until=Now() + LEASE, progress=dict(progress)):
        raise LostLease


def ready(version: DataSetVersion, result: Mapping[str, Any]) -> None:
    """Freeze the version with what came of its import, and log it.

    Raises:
        LostLease: another worker has taken it over; nothing was stored.
    """
    values = {name: result[name] for name in ("sha256", "counts", "problems", "doubts")}
    detail: dict[str, JSON] = {"sha256": result["sha256"], "cells": result["counts"]["cells"]}
    _end(version, {**values, "state": DataSetState.READY}, "dataset.frozen", "ok", detail)


def refuse(version: DataSetVersion, failure: str) -> None:
    """End the import with the reason, and log that it was refused.

    Raises:
        LostLease: another worker has taken it over; nothing was stored.
    """
    values = {"state": DataSetState.REFUSED, "failure": failure[:4000]}
    _end(version, values, "dataset.refused", "failed", {"origin": version.origin})


def overdue() -> list[UUID]:
    """Return the imports that wait or whose worker has gone."""
    return list(_free().order_by("created_at").values_list("pk", flat=True))


def _end(
    version: DataSetVersion, values: Mapping[str, Any], event: str, outcome: str, detail: Mapping[str, JSON]
) -> None:
    with transaction.atomic():
        if not _held(version).update(**values, progress={}, lease_until=None, finished_at=Now()):
            raise LostLease
        record(event, actor=None, subject=version, outcome=outcome, detail=detail)


def _held(version: DataSetVersion) -> models.QuerySet[DataSetVersion]:
    """Return the row if this worker still holds it."""
    return DataSetVersion.objects.filter(pk=version.pk, state=DataSetState.IMPORTING, fence=version.fence)
