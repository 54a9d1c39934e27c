"""The worker's half of the image line: claim, read, keep, tell."""

from __future__ import annotations

import logging
import time
from collections.abc import Callable
from uuid import UUID

from celery.exceptions import SoftTimeLimitExceeded

from hematovision.core import metrics
from mlcore.serving import loader
from mlcore.serving.loader import Loaded, ModelUnavailable
from predictions.errors import ImageGone
from predictions.pipeline.infer import Reading, infer
from predictions.services import jobs
from predictions.services.shadow import shadow_ring
from predictions.services.twins import suggest_twins
from predictions.states import Failure

logger = logging.getLogger(__name__)


def analyse_field(field_id: UUID, *, load: Callable[[], Loaded] = loader.current) -> None:
    """Analyse a field unless that is done or under way elsewhere. Any number of calls give one result.

    The model is loaded before the job is claimed: without one the job just waits, and no attempt is used up.
    """
    try:
        loaded = load()
    except ModelUnavailable as problem:
        logger.warning("Field %s waits: %s", field_id, problem.message)
        return
    lease = jobs.claim(field_id)
    if lease is None:
        return
    began = time.monotonic()
    outcome = _end(lease, loaded)
    metrics.count(metrics.ATTEMPTS, outcome, seconds=time.monotonic() - began)


def _end(lease: jobs.Lease, loaded: Loaded) -> str:
    """Bring the job to an end and return which: done, late, or the failure of this attempt."""
    reading = _read(lease, loaded)
    if isinstance(reading, Failure):
        return reading.value
    if jobs.complete(lease, reading, loaded.version):
        suggest_twins(lease.field)
        shadow_ring(lease.field.pk)
        return "done"
    logger.warning("Field %s was taken over; this late result is dropped.", lease.field.pk)
    return "late"


def _read(lease: jobs.Lease, loaded: Loaded) -> Reading | Failure:
    """Return what the model says, or why not after the job was failed or given back."""
    try:
        return infer(loaded.predictor, lease.field)
    except ImageGone:
        logger.exception("The image of field %s is gone", lease.field.pk)
        jobs.fail(lease, Failure.IMAGE_MISSING)
        return Failure.IMAGE_MISSING
    except SoftTimeLimitExceeded:
        logger.warning("Field %s took too long (attempt %d)", lease.field.pk, lease.attempts)
        jobs.give_back(lease, Failure.TIMED_OUT)
        return Failure.TIMED_OUT
    except Exception:  # whatever an image does to the model must end in a reason, not in a lost job
        logger.exception("Field %s could not be read (attempt %d)", lease.field.pk, lease.attempts)
        jobs.give_back(lease, Failure.MODEL_ERROR)
        return Failure.MODEL_ERROR
