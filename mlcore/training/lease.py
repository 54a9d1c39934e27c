"""How a worker claims, holds and ends a training run, of which one is trained at a time."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Final
from uuid import UUID

from django.db import connection, transaction
from django.db.models.functions import Coalesce, Now

from accounts.audit.record import JSON, record
from mlcore.registry.models import ModelVersion, TrainingRun, TrainingState
from mlcore.training.leased import Leased

LOG_CHARACTERS: Final = 20_000
# PostgreSQL's lock under which workers claim: an arbitrary number that nothing else here uses.
CLAIM_LOCK: Final = 7_160_401

RUNS: Final = Leased(TrainingRun, waiting=TrainingState.QUEUED, held=TrainingState.RUNNING)


def claim(run_id: UUID) -> TrainingRun | None:
    """Take the run for this worker, or return None when it has ended or any run is held by a worker.

    One training runs at a time, also where there are several workers; the sweeper rings again for those
    that wait. The database's clock decides. The returned row carries the fence that later writes must show.
    """
    with transaction.atomic(), connection.cursor() as cursor:
        cursor.execute("SELECT pg_advisory_xact_lock(%s)", [CLAIM_LOCK])
        if TrainingRun.objects.filter(state=TrainingState.RUNNING, lease_until__gte=Now()).exists():
            return None
        taken = RUNS.claim(run_id, started_at=Coalesce("started_at", Now()))
    return TrainingRun.objects.select_related("started_by").get(pk=run_id) if taken else None


def renew(
    run: TrainingRun, *, progress: Mapping[str, JSON], log: str, history: Sequence[Mapping[str, JSON]] = ()
) -> bool:
    """Store how far it is and hold the run for another minute; return whether someone asked it to stop.

    Raises:
        LostLease: another worker has taken the run over.
    """
    told = {"progress": dict(progress), "history": [dict(epoch) for epoch in history]}
    RUNS.renew(run, log=log[-LOG_CHARACTERS:], **told)
    return bool(TrainingRun.objects.values_list("stop_requested", flat=True).get(pk=run.pk))


def finish(
    run: TrainingRun, *, state: str, failure: str = "", result: ModelVersion | None = None
) -> TrainingRun:
    """End the run in ``state`` and log it, once.

    Raises:
        LostLease: another worker has taken the run over; nothing was stored.
    """
    with transaction.atomic():
        RUNS.end(run, state=state, failure=failure[:2000], result=result)
        outcome = "ok" if state == TrainingState.DONE else "failed"
        detail: dict[str, JSON] = {"state": str(state), "model": result.version if result else None}
        record("training.ended", actor=None, subject=run, outcome=outcome, detail=detail)
    run.refresh_from_db()
    return run


def overdue() -> list[UUID]:
    """Return the runs that wait or whose worker has gone: the sweeper rings for them again."""
    return RUNS.overdue()
