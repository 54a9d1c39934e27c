"""Waiting for a result, as the API does."""

from __future__ import annotations

import time
from typing import Final
from uuid import UUID

from predictions.models import AnalysisJob
from predictions.pipeline.notify import wait
from predictions.states import JobState

# The database is asked at least this often, since a wake-up can be lost and the database is the truth.
LOOK_EVERY_SECONDS: Final = 2.0


def result_awaited(field_id: UUID, *, seconds: float) -> bool:
    """Return True once the analysis of a field has ended, False if ``seconds`` pass before."""
    ends = time.monotonic() + seconds
    ended = [JobState.DONE, JobState.FAILED]
    while (left := ends - time.monotonic()) > 0:
        wait(field_id, min(left, LOOK_EVERY_SECONDS))
        if AnalysisJob.objects.filter(field_id=field_id, state__in=ended).exists():
            return True
    return False
