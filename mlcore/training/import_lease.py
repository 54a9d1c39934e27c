"""How a worker claims, holds and ends an import."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Final
from uuid import UUID

from django.db import transaction

from accounts.audit.record import JSON, record
from mlcore.registry.models import DataSetState, DataSetVersion
from mlcore.training.leased import Leased

# An import that waits is told from one that is held by its lease alone.
IMPORTS: Final = Leased(DataSetVersion, waiting=DataSetState.IMPORTING, held=DataSetState.IMPORTING)


def claim(version_id: UUID) -> DataSetVersion | None:
    """Take the import for this worker, or return None when it has ended or another worker holds it."""
    taken = IMPORTS.claim(version_id)
    found = DataSetVersion.objects.select_related("dataset", "created_by")
    return found.get(pk=version_id) if taken else None


def renew(version: DataSetVersion, progress: Mapping[str, JSON]) -> None:
    """Store progress and hold the import for another minute.

    Raises:
        LostLease: another worker has taken it over.
    """
    IMPORTS.renew(version, progress=dict(progress))


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
    return IMPORTS.overdue()


def _end(
    version: DataSetVersion, values: Mapping[str, Any], event: str, outcome: str, detail: Mapping[str, JSON]
) -> None:
    with transaction.atomic():
        IMPORTS.end(version, **values, progress={})
        record(event, actor=None, subject=version, outcome=outcome, detail=detail)
