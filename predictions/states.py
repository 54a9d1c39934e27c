"""The lives of a sample and of an analysis job: states, the moves between them, why a job may fail."""

from __future__ import annotations

from django.db.models import TextChoices
from django.utils.translation import gettext_lazy as _


class JobState(TextChoices):
    """Where the analysis of a field stands."""

    QUEUED = "queued", _("waiting")
    RUNNING = "running", _("being analysed")
    DONE = "done", _("done")
    FAILED = "failed", _("failed")


# RUNNING -> RUNNING is another worker taking over after the lease ran out; RUNNING -> QUEUED gives back.
TRANSITIONS: dict[JobState, frozenset[JobState]] = {
    JobState.QUEUED: frozenset({JobState.RUNNING}),
    JobState.RUNNING: frozenset({JobState.RUNNING, JobState.QUEUED, JobState.DONE, JobState.FAILED}),
    JobState.FAILED: frozenset({JobState.QUEUED}),
    JobState.DONE: frozenset(),
}


def sources(target: JobState) -> list[JobState]:
    """Return the states from which a job may move to ``target``."""
    return [state for state, targets in TRANSITIONS.items() if target in targets]


class SampleState(TextChoices):
    """Where a sample stands."""

    RECEIVING = "receiving", _("receiving")
    ANALYSING = "analysing", _("analysing")
    TO_REVIEW = "to_review", _("to review")
    IN_REVIEW = "in_review", _("in review")
    SIGNED = "signed", _("signed")
    AMENDED = "amended", _("amended")
    FAILED = "failed", _("failed")
    CANCELLED = "cancelled", _("cancelled")


# To review: a technician reads the cells. In review: submitted, and a doctor's; a signed sample goes back
# there when an amendment is begun. Cancelling ends a sample and keeps its trail.
SAMPLE_MOVES: dict[SampleState, frozenset[SampleState]] = {
    SampleState.RECEIVING: frozenset({SampleState.ANALYSING, SampleState.CANCELLED}),
    SampleState.ANALYSING: frozenset({SampleState.TO_REVIEW, SampleState.FAILED, SampleState.CANCELLED}),
    SampleState.TO_REVIEW: frozenset({SampleState.ANALYSING, SampleState.IN_REVIEW, SampleState.CANCELLED}),
    SampleState.IN_REVIEW: frozenset(
        {SampleState.TO_REVIEW, SampleState.SIGNED, SampleState.AMENDED, SampleState.CANCELLED}
    ),
    SampleState.SIGNED: frozenset({SampleState.IN_REVIEW}),
    SampleState.AMENDED: frozenset({SampleState.IN_REVIEW}),
    SampleState.FAILED: frozenset({SampleState.ANALYSING, SampleState.CANCELLED}),
    SampleState.CANCELLED: frozenset(),
}
# While a sample stands in one of these, fields may be added and cells be reviewed.
TAKES_FIELDS = (SampleState.RECEIVING, SampleState.ANALYSING, SampleState.TO_REVIEW, SampleState.FAILED)
TAKES_REVIEWS = (SampleState.ANALYSING, SampleState.TO_REVIEW, SampleState.IN_REVIEW)


class Failure(TextChoices):
    """Why an analysis ended without a result, and what to do about it."""

    GAVE_UP = (
        "gave_up",
        _(
            "The worker stopped several times while it read this image. The upload is kept. "
            "Retry once; if it fails again, export the image anew and upload that."
        ),
    )
    MODEL_ERROR = (
        "model_error",
        _("The model could not read this image. The upload is kept. Retry, or tell your admin."),
    )
    TIMED_OUT = (
        "timed_out",
        _("The analysis took too long and was stopped. The upload is kept. Retry when it is less busy."),
    )
    IMAGE_MISSING = (
        "image_missing",
        _("The stored image cannot be found or read. Tell your admin, then upload the image again."),
    )
