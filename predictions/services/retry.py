"""Trying a failed analysis again."""

from __future__ import annotations

from uuid import UUID

from django.db import transaction
from django.db.models.functions import Now
from django.utils.translation import gettext as _

from accounts.audit.record import record
from accounts.models import User
from accounts.permissions import Capability, require
from hematovision.core.origin import Origin
from hematovision.core.queue import ANALYSE_FIELD, ring_on_commit
from predictions.errors import RetryRefused
from predictions.models import AnalysisJob, SmearField
from predictions.selectors import visible_fields
from predictions.services.fields import read_again
from predictions.states import JobState


def analysis_retry(*, actor: User, origin: Origin, field_id: UUID) -> SmearField:
    """Queue the failed analysis of a field again, with all its attempts.

    Raises:
        PermissionDenied: the actor's role may not retry.
        SmearField.DoesNotExist: there is no such field for the actor.
        RetryRefused: the analysis has not failed.
    """
    require(actor, Capability.RETRY_ANALYSIS)
    with transaction.atomic():
        field = visible_fields(actor).get(pk=field_id)
        failed = AnalysisJob.objects.filter(field=field, state=JobState.FAILED)
        again = failed.update(
            state=JobState.QUEUED,
            attempts=0,
            failure_code="",
            failure_text="",
            created_at=Now(),
            started_at=None,
            finished_at=None,
        )
        if not again:
            raise RetryRefused(
                _("Only a failed analysis can be retried. Reload the page to see how it stands.")
            )
        read_again(actor, field.sample_id)
        record("analysis.retried", actor=actor, subject=field, origin=origin)
        ring_on_commit(ANALYSE_FIELD, str(field.pk))
    return field
