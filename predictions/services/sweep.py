"""Finding the work whose doorbell was never heard: a crash, a flushed broker, a worker that was killed."""

from __future__ import annotations

import logging
from datetime import timedelta
from typing import Final

from django.conf import settings
from django.db.models import Q, QuerySet
from django.db.models.functions import Now

from hematovision.core.queue import ANALYSE_FIELD, READ_AGAIN, depth, ring
from predictions.models import AnalysisJob, Reanalysis
from predictions.services import jobs
from predictions.services.expire import partials_expire
from predictions.services.idempotency import keys_expire
from predictions.states import Failure, JobState

logger = logging.getLogger(__name__)

# A job younger than this has most likely been rung for and is about to be taken.
PATIENCE: Final = timedelta(seconds=5)


def sweep() -> int:
    """End the jobs whose attempts are used up, and ring for those that nobody works on; return how many rang.

    Uploads that nobody goes on with are forgotten, and keys of programs' requests after a day.
    No more are rung than bells are missing in the queue, so a worker that is away for hours does not come
    back to thousands of calls for the same field. The oldest are rung, so that none is passed over for ever.
    """
    partials_expire()
    keys_expire()
    for job in _used_up():
        jobs.fail(jobs.Lease(job.pk, job.field, job.fence, job.attempts), Failure.GAVE_UP)
    bells = depth(ANALYSE_FIELD)
    if bells is None:
        return 0
    waiting = list(_waiting().values_list("field_id", flat=True))
    # Old samples are read again only while nothing new waits.
    if not waiting and not bells and Reanalysis.objects.filter(state=Reanalysis.State.RUNNING).exists():
        ring(READ_AGAIN)
    rung = sum(ring(ANALYSE_FIELD, str(field_id)) for field_id in waiting[: max(0, len(waiting) - bells)])
    if rung:
        logger.info("%d waiting analyses were rung for again", rung)
    return rung


def _used_up() -> QuerySet[AnalysisJob]:
    """Return jobs whose last attempt ended without a word: the process was killed, perhaps for its memory."""
    return AnalysisJob.objects.select_related("field").filter(
        state=JobState.RUNNING, lease_until__lt=Now(), attempts__gte=settings.JOB_MAX_ATTEMPTS
    )


def _waiting() -> QuerySet[AnalysisJob]:
    queued = Q(state=JobState.QUEUED, created_at__lt=Now() - PATIENCE)
    dropped = Q(state=JobState.RUNNING, lease_until__lt=Now())
    return AnalysisJob.objects.filter(queued | dropped).order_by("created_at")
