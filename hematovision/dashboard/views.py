"""The first page of each role and the admin's overview."""

from __future__ import annotations

import shutil
from datetime import datetime
from pathlib import Path

import redis
from django.conf import settings
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.views.decorators.http import require_GET

from accounts.permissions import Capability
from accounts.web.access import requires, signed_in
from hematovision.core import workers
from hematovision.core.release import release
from hematovision.core.workers import Worker
from hematovision.dashboard.activity import activity
from hematovision.dashboard.charts import charts
from hematovision.dashboard.health import whole
from mlcore.registry import selectors as models
from mlcore.web.vocabulary import cell_class, place
from predictions import selectors
from predictions.selectors.drift import standing_alarms
from predictions.selectors.emergency import emergencies
from predictions.selectors.exchange import troubled
from predictions.vocabulary import measure_names

SHOWN = 20


@require_GET
@requires(Capability.VIEW_RESULTS)
def home(request: HttpRequest) -> HttpResponse:  # noqa: ARG001 -- fixed by Django
    """Open the page where everybody's work begins."""
    return redirect("worklist")


@require_GET
@requires(Capability.VIEW_DASHBOARD)
def dashboard(request: HttpRequest) -> HttpResponse:
    """Show what was done, what waits, what failed and whether everything is at work."""
    disk = shutil.disk_usage(_existing(Path(settings.VAR_DIR)))
    crew = _workers()
    failed = selectors.failed_jobs(signed_in(request))
    active = models.active_version()
    context = {
        **_done(),
        "queue": selectors.queue_status(),
        "workers": None if crew is None else [(one, datetime.fromisoformat(one.since)) for one in crew],
        "release": release(),
        "absent": None if crew is None else [role for role in workers.ROLES if role not in _roles(crew)],
        "alarms": [(row, measure_names(row.standing)) for row in standing_alarms()],
        "troubled": troubled(),
        "emergencies": emergencies()[:SHOWN],
        "failed": failed[:SHOWN],
        "failed_count": failed.count(),
        "model": active,
        "model_ready": whole(active),
        "training": models.training_open().first(),
        "disk_free": disk.free,
        "disk_free_percent": 100 * disk.free / disk.total,
    }
    return render(request, "dashboard/dashboard.html", context)


def _done() -> dict[str, object]:
    """Return what was done, in numbers and as charts."""
    found = activity()
    return {
        "periods": found.periods,
        "charts": charts(found),
        "classes": sorted(
            ((cell_class(label), cells) for label, cells in found.classes.items()),
            key=lambda row: place(row[0].label),
        ),
        "versions": [(key, name, cells) for (key, name), cells in found.versions.items()],
        "since": found.days[0],
    }


def _existing(folder: Path) -> Path:
    """Return the folder, or the nearest one above it that exists: before the first upload it may not."""
    return next(path for path in (folder, *folder.parents) if path.exists())


def _workers() -> list[Worker] | None:
    """Return who is at work, or None when Redis cannot tell."""
    try:
        return workers.alive()
    except redis.RedisError:
        return None


def _roles(crew: list[Worker]) -> set[str]:
    return {worker.role for worker in crew}
