"""What waits, what runs, what failed."""

from __future__ import annotations

from typing import TYPE_CHECKING

from django.db.models import Count, ExpressionWrapper, F, Min, Q, QuerySet
from django.db.models.fields import DurationField
from django.db.models.functions import Now

from accounts.models import User
from predictions.models import AnalysisJob, Sample
from predictions.selectors.access import visible_fields
from predictions.states import Failure, JobState, SampleState
from predictions.types import QueueStatus

if TYPE_CHECKING:
    from django.contrib.auth.models import AnonymousUser


def queue_status() -> QueueStatus:
    """Return how many jobs wait and run in the whole portal; counts only, so anyone may know."""
    waiting = Q(state=JobState.QUEUED)
    oldest = ExpressionWrapper(Now() - Min("created_at", filter=waiting), output_field=DurationField())
    counts = AnalysisJob.objects.filter(state__in=[JobState.QUEUED, JobState.RUNNING]).aggregate(
        waiting=Count("pk", filter=waiting),
        running=Count("pk", filter=Q(state=JobState.RUNNING)),
        oldest=oldest,
    )
    seconds = counts["oldest"].total_seconds() if counts["oldest"] else 0.0
    return QueueStatus(counts["waiting"], counts["running"], max(0.0, seconds))


def jobs_ahead(job: AnalysisJob) -> int:
    """Return how many waiting jobs were queued before ``job``."""
    return AnalysisJob.objects.filter(state=JobState.QUEUED, created_at__lt=job.created_at).count()


def failed_jobs(user: User | AnonymousUser) -> QuerySet[AnalysisJob]:
    """Return the failed jobs whose fields ``user`` may see, latest first, with field, person and site."""
    return (
        AnalysisJob.objects.filter(state=JobState.FAILED, field__in=visible_fields(user))
        .select_related("field__uploaded_by", "field__site")
        .order_by(F("finished_at").desc())
    )


def failure_counts() -> dict[str, int]:
    """Return how many jobs of the whole portal have failed, by reason; reasons without any count as 0."""
    failed = AnalysisJob.objects.filter(state=JobState.FAILED)
    counts = failed.values_list("failure_code").annotate(Count("pk")).order_by()
    return dict.fromkeys(Failure.values, 0) | dict(counts)


def sample_counts() -> dict[str, int]:
    """Return how many samples of the whole portal stand in each state; states without any count as 0."""
    counts = Sample.objects.values_list("state").annotate(Count("pk")).order_by()
    return dict.fromkeys(SampleState.values, 0) | dict(counts)


def state_counts(user: User | AnonymousUser) -> dict[str, int]:
    """Return the number of visible fields in each job state; states without any count as 0."""
    counts = visible_fields(user).values_list("job__state").annotate(Count("pk")).order_by()
    return dict.fromkeys(JobState.values, 0) | dict(counts)
