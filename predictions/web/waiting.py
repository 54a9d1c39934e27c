"""Why a result is not there yet, in words that say what is the matter and never only turn a wheel."""

from __future__ import annotations

from dataclasses import dataclass

import redis
from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from hematovision.core import workers
from mlcore.registry.selectors import active_version
from predictions.models import AnalysisJob
from predictions.selectors import jobs_ahead
from predictions.states import JobState

FIRST_LOOK_MS = 150
LONGEST_WAIT_MS = 4000
MOST_LOOKS = 1000


@dataclass(frozen=True, slots=True)
class Waiting:
    """``stuck`` says that somebody has to act before anything goes on."""

    title: str
    text: str
    stuck: bool = False


def waiting(job: AnalysisJob) -> Waiting:
    """Say what the job waits for."""
    if job.state == JobState.RUNNING:
        return Waiting(_("Being analysed"), _("A worker is reading this image now."))
    ahead = jobs_ahead(job)
    queue = _("It is the next one.")
    if ahead:
        queue = ngettext("%(n)d image is ahead of it.", "%(n)d images are ahead of it.", ahead) % {"n": ahead}
    if active_version() is None:
        text = _("The image is stored. It will be analysed once an admin has made a model active.")
        return Waiting(_("Waiting for a model"), f"{text} {queue}", stuck=True)
    if not _worker_alive():
        text = _("No worker is running. The image is stored and will be analysed as soon as one is back.")
        return Waiting(_("Waiting for a worker"), f"{text} {queue}", stuck=True)
    return Waiting(_("Waiting for its turn"), queue)


def next_look(looks: str | None) -> tuple[int, int]:
    """Return in how many milliseconds a page should ask again, and the number of that look."""
    try:
        count = min(max(int(looks or 0), 0), MOST_LOOKS)
    except ValueError:
        count = 0
    return min(LONGEST_WAIT_MS, int(FIRST_LOOK_MS * 1.4 ** min(count, 20))), count + 1


def _worker_alive() -> bool:
    try:
        return any(worker.role == workers.INFERENCE for worker in workers.alive())
    except redis.RedisError:
        return False
