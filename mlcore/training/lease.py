"""How a worker claims, holds and ends a training run: a lease on the database's clock, proved by a fence."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import timedelta
from typing import Final
from uuid import UUID

from django.db import connection, models, transaction
from django.db.models.functions import Coalesce, Now

from accounts.audit.record import JSON, record
from mlcore.registry.models import ModelVersion, TrainingRun, TrainingState

LEASE: Final = timedelta(seconds=60)
LOG_CHARACTERS: Final = 20_000
# PostgreSQL's lock under which workers claim: an arbitrary number that nothing else here uses.
CLAIM_LOCK: Final = 7_160_401

FREE: Final = models.Q(state=TrainingState.QUEUED) | models.Q(
    state=TrainingState.RUNNING, lease_until__lt=Now()
)


class LostLease(Exception):  # noqa: N818 -- the name says what is the case
    """Another worker holds this run now; whatever the caller still does must not be stored."""


def claim(run_id: UUID) -> TrainingRun | None:
    """Take the run for this worker, or return None when it has ended or any run is held by a worker.

    One training runs at a time, also where there are several workers; the sweeper rings again for those
    that wait. The database's clock decides. The returned row carries the fence that later writes must show.
    """
    with transaction.atomic(), connection.cursor() as cursor:
        cursor.execute("SELECT pg_advisory_xact_lock(%s)", [CLAIM_LOCK])
        if TrainingRun.objects.filter(state=TrainingState.RUNNING, lease_until__gte=Now()).exists():
            return None
        return _taken(run_id)


def _taken(run_id: UUID) -> TrainingRun | None:
    taken = TrainingRun.objects.filter(FREE, pk=run_id).update(
        state=TrainingState.RUNNING,
        lease_until=Now() + LEASE,
        fence=models.F("fence") + 1,
        attempts=models.F("attempts") + 1,
        started_at=Coalesce("started_at", Now()),
    )
    return TrainingRun.objects.select_related("started_by").get(pk=run_id) if taken else None


def renew(
    run: TrainingRun, *, progress: Mapping[str, JSON], log: str, history: Sequence[Mapping[str, JSON]] = ()
) -> bool:
    """Store how far it is and hold the run for another minute; return whether someone asked it to stop.

    Raises:
        LostLease: another worker has taken the run over.
    """
    held = _held(run).update(
        lease_until=Now() + LEASE,
        progress=dict(progress),
        history=[dict(epoch) for epoch in history],
        log=log[-LOG_CHARACTERS:],
    )
    if not held:
        raise LostLease
    return bool(TrainingRun.objects.values_list("stop_requested", flat=True).get(pk=run.pk))


def finish(
    run: TrainingRun, *, state: str, failure: str = "", result: ModelVersion | None = None
) -> TrainingRun:
    """End the run in ``state`` and log it, once.

    Raises:
        LostLease: another worker has taken the run over; nothing was stored.
    """
    with transaction.atomic():
        changed = _held(run).update(
            state=state, failure=failure[:2000], result=result, finished_at=Now(), lease_until=None
        )
        if not changed:
            raise LostLease
        outcome = "ok" if state == TrainingState.DONE else "failed"
        detail: dict[str, JSON] = {"state": str(state), "model": result.version if result else None}
        record("training.ended", actor=None, subject=run, outcome=outcome, detail=detail)
    run.refresh_from_db()
    return run


def overdue() -> list[UUID]:
    """Return the runs that wait or whose worker has gone: the sweeper rings for them again."""
    return list(TrainingRun.objects.filter(FREE).order_by("created_at").values_list("pk", flat=True))


def _held(run: TrainingRun) -> models.QuerySet[TrainingRun]:
    """Return the row of ``run`` if this worker still holds it."""
    return TrainingRun.objects.filter(pk=run.pk, state=TrainingState.RUNNING, fence=run.fence)
