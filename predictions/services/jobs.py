"""Holding a job: claimed by lease, proved by fence, so that a worker that comes back late changes nothing.

All times are the database's, so that workers with wrong clocks agree.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import timedelta
from typing import Any, Final
from uuid import UUID

from django.conf import settings
from django.db import connection, transaction
from django.db.models.functions import Now

from accounts.audit.models import Outcome
from accounts.audit.record import record
from hematovision.core.queue import ANALYSE_FIELD, ring_on_commit
from mlcore.registry.models import ModelVersion
from predictions.models import Analysis, AnalysisJob, SmearField, StoredImage
from predictions.pipeline.infer import Reading
from predictions.pipeline.notify import announce
from predictions.pipeline.persist import persist
from predictions.pipeline.tighten import tighten
from predictions.selectors.drift import tightening
from predictions.services.days import count_reading
from predictions.services.fields import read
from predictions.states import Failure, JobState, sources

# clock_timestamp(), because now() stands still within a transaction. What the worker needs of the field comes
# along, which saves it a query.
CLAIM: Final = """
    UPDATE predictions_analysisjob AS job
       SET state = %(running)s, attempts = attempts + 1, fence = fence + 1,
           started_at = clock_timestamp(), lease_until = clock_timestamp() + %(lease)s
      FROM predictions_smearfield AS field JOIN predictions_storedimage AS image ON sha256 = image_id
     WHERE field_id = field.id AND field.id = %(field)s AND attempts < %(most)s
       AND (state = %(queued)s OR (state = %(running)s AND lease_until < clock_timestamp()))
 RETURNING job.id, fence, attempts, site_id, sample_id, single, sha256, media_type
"""


@dataclass(frozen=True, slots=True)
class Lease:
    """The right to finish one job, as long as no other worker has taken it over.

    ``field`` holds no more than its key, site, sample, image and whether it shows a single cell.
    """

    job_id: int
    field: SmearField
    fence: int
    attempts: int


def claim(field_id: UUID) -> Lease | None:
    """Take the job of a field, or return None: it is done, held by a live worker, or used up."""
    facts: dict[str, Any] = {
        "running": JobState.RUNNING.value,
        "queued": JobState.QUEUED.value,
        "lease": timedelta(seconds=settings.JOB_LEASE_SECONDS),
        "field": field_id,
        "most": settings.JOB_MAX_ATTEMPTS,
    }
    with connection.cursor() as cursor:
        cursor.execute(CLAIM, facts)
        row = cursor.fetchone()
    if row is None:
        return None
    job_id, fence, attempts, site_id, sample_id, single, sha256, media_type = row
    image = StoredImage(sha256=sha256, media_type=media_type)
    field = SmearField(id=field_id, site_id=site_id, sample_id=sample_id, single=single, image=image)
    return Lease(job_id, field, fence, attempts)


def complete(lease: Lease, reading: Reading, version: ModelVersion) -> bool:
    """Keep the result and end the job; False when another worker has taken the job over meanwhile."""
    with transaction.atomic():
        if not _move(lease, JobState.DONE, finished_at=Now()):
            return False
        made = keep(lease.field, reading, version)
        read(lease.field, lease.field.sample_id, cells=len(reading.prediction.cells))
        count_reading(made)
        told = {"model": version.sha256, "tightened": made.tightened}
        record("field.analysed", actor=None, subject=lease.field, detail=told)
        transaction.on_commit(lambda: announce(lease.field.pk))
    return True


def keep(field: SmearField, reading: Reading, version: ModelVersion) -> Analysis:
    """Store a reading; where an alarm of drift stands and the site asks for it, with less of it shown.

    The limit is that of this moment and stays with the reading. Readings that are there already stay as they
    are.
    """
    least, shown = tightening(field.site_id, version), reading.prediction
    if least is not None:
        shown = tighten(shown, least)
    return persist(field, shown, version=version, milliseconds=reading.milliseconds, tightened=least)


def fail(lease: Lease, failure: Failure) -> bool:
    """End the job without a result and say why; False when another worker has taken it over."""
    with transaction.atomic():
        told = {"failure_code": failure.value, "failure_text": failure.label}
        if not _move(lease, JobState.FAILED, finished_at=Now(), **told):
            return False
        read(lease.field, lease.field.sample_id, cells=None)
        record(
            "analysis.failed",
            actor=None,
            subject=lease.field,
            outcome=Outcome.FAILED,
            detail={"code": failure.value, "attempts": lease.attempts},
        )
        transaction.on_commit(lambda: announce(lease.field.pk))
    return True


def give_back(lease: Lease, failure: Failure) -> None:
    """Let another attempt follow, or end the job with ``failure`` when there were enough."""
    if lease.attempts >= settings.JOB_MAX_ATTEMPTS:
        fail(lease, failure)
        return
    with transaction.atomic():
        if _move(lease, JobState.QUEUED):
            ring_on_commit(ANALYSE_FIELD, str(lease.field.pk))


def _move(lease: Lease, target: JobState, **changes: object) -> bool:
    """Change the state only if the job may make this move and the fence still holds; the row stays locked."""
    held = AnalysisJob.objects.filter(pk=lease.job_id, fence=lease.fence, state__in=sources(target))
    return bool(held.update(state=target, lease_until=None, **changes))
