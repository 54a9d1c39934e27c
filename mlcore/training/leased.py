"""How a worker holds a row: by a lease on the database's clock, proved by a fence.

A worker that was thought dead and comes back shows an old fence, so nothing that it still does is stored.
Runs, imports and evaluations are held alike.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import timedelta
from typing import Any, Final, Generic, TypeVar
from uuid import UUID

from django.db import models
from django.db.models.functions import Now

from mlcore.registry.models import DataSetVersion, Evaluation, TrainingRun

LEASE: Final = timedelta(seconds=60)

Row = TypeVar("Row", TrainingRun, DataSetVersion, Evaluation)


class LostLease(Exception):  # noqa: N818 -- the name says what is the case
    """Another worker holds this row now; whatever the caller still does must not be stored."""


@dataclass(frozen=True, slots=True)
class Leased(Generic[Row]):
    """The rows of one kind: in which state they wait for a worker, and in which one holds them."""

    kind: type[Row]
    waiting: str
    held: str

    def claim(self, key: UUID, **changes: Any) -> bool:
        """Take the row for this worker with ``changes``; False when it has ended or is held."""
        taken = self._free().filter(pk=key)
        return bool(
            taken.update(
                state=self.held,
                lease_until=Now() + LEASE,
                fence=models.F("fence") + 1,
                attempts=models.F("attempts") + 1,
                **changes,
            )
        )

    def renew(self, row: Row, **changes: Any) -> None:
        """Hold the row for another minute and store ``changes``.

        Raises:
            LostLease: another worker has taken it over; nothing was stored.
        """
        self._write(row, lease_until=Now() + LEASE, **changes)

    def end(self, row: Row, **changes: Any) -> None:
        """Let go of the row and store how it ended, ``state`` among ``changes``.

        Raises:
            LostLease: another worker has taken it over; nothing was stored.
        """
        self._write(row, lease_until=None, finished_at=Now(), **changes)

    def overdue(self) -> list[UUID]:
        """Return the rows that wait or whose worker has gone, oldest first: the sweeper rings for them."""
        return list(self._free().order_by("created_at").values_list("pk", flat=True))

    def _free(self) -> models.QuerySet[Row]:
        waits = models.Q(state=self.waiting, lease_until__isnull=True)
        return self.kind.objects.filter(waits | models.Q(state=self.held, lease_until__lt=Now()))

    def _write(self, row: Row, **changes: Any) -> None:
        """Store ``changes`` if this worker, whose fence ``row`` carries, still holds the row."""
        own = self.kind.objects.filter(pk=row.pk, state=self.held, fence=row.fence)
        if not own.update(**changes):
            raise LostLease
