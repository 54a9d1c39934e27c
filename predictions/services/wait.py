"""Waiting for results, as the API does."""

from __future__ import annotations

import time
from collections.abc import Sequence
from typing import Final

from predictions.models import AnalysisJob, SmearField
from predictions.pipeline.notify import wait
from predictions.states import JobState

# The database is asked at least this often, since a wake-up can be lost and the database is the truth.
LOOK_EVERY_SECONDS: Final = 2.0
ENDED: Final = frozenset({JobState.DONE, JobState.FAILED})


def result_awaited(field: SmearField, *, seconds: float) -> bool:
    """Do as :func:`results_awaited` for one field."""
    return results_awaited([field], seconds=seconds)


def results_awaited(fields: Sequence[SmearField], *, seconds: float) -> bool:
    """Return True once the analyses of all ``fields`` have ended, False if ``seconds`` pass before.

    ``field.job`` of each is then as the database last had it.
    """
    ends = time.monotonic() + seconds
    waiting = list(fields)
    while waiting:
        # Workers take the oldest first, so the last one's end is about the end of all.
        wait(waiting[-1].pk, min(max(0.0, ends - time.monotonic()), LOOK_EVERY_SECONDS))
        jobs = {job.field_id: job for job in AnalysisJob.objects.filter(field__in=waiting)}
        for field in waiting:
            field.job = jobs[field.pk]
        waiting = [field for field in waiting if field.job.state not in ENDED]
        if time.monotonic() >= ends:
            break
    return not waiting
