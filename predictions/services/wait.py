"""Waiting for a result, as the API does."""

from __future__ import annotations

import time
from typing import Final

from predictions.models import AnalysisJob, SmearField
from predictions.pipeline.notify import wait
from predictions.states import JobState

# The database is asked at least this often, since a wake-up can be lost and the database is the truth.
LOOK_EVERY_SECONDS: Final = 2.0
ENDED: Final = frozenset({JobState.DONE, JobState.FAILED})


def result_awaited(field: SmearField, *, seconds: float) -> bool:
    """Return True once the analysis of ``field`` has ended, False if ``seconds`` pass before.

    ``field.job`` is then as the database last had it.
    """
    ends = time.monotonic() + seconds
    while True:
        wait(field.pk, min(max(0.0, ends - time.monotonic()), LOOK_EVERY_SECONDS))
        field.job = AnalysisJob.objects.get(field_id=field.pk)
        if field.job.state in ENDED:
            return True
        if time.monotonic() >= ends:
            return False
