"""The life of an analysis job: its states, the moves between them, and why one may end without a result."""

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
