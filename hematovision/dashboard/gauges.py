"""How the portal stands at this moment, in numbers for Prometheus: counts only, nothing of a patient."""

from __future__ import annotations

import shutil
from collections import Counter
from collections.abc import Iterator, Mapping

import redis
from django.conf import settings
from prometheus_client.metrics_core import (
    CounterMetricFamily,
    GaugeMetricFamily,
    InfoMetricFamily,
    Metric,
)

from accounts.audit.selectors import last_number
from hematovision.core import health, workers
from hematovision.dashboard.health import model
from mlcore.registry import selectors as registry
from predictions import selectors
from predictions.selectors.exchange import outbox_status


def gauges() -> Iterator[Metric]:
    """Yield the parts as in ``/readyz``, work that waits, samples, workers, model, disk and log."""
    parts = health.check({"model": model, "disk": health.disk})["parts"]
    present = {part: int(state == "ok") for part, state in parts.items()}
    yield by("hematovision_part_present", "Whether the part is there, as /readyz says.", "part", present)
    yield from _work()
    yield from _outbox()
    yield by("hematovision_samples", "Samples by state.", "state", selectors.sample_counts())
    yield by("hematovision_training_runs", "Trainings by state.", "state", registry.training_counts())
    if present["broker"]:
        yield _workers()
    yield from _model()
    yield from _disk()
    yield CounterMetricFamily("hematovision_audit_events", "Events in the audit log.", value=last_number())


def by(name: str, about: str, label: str, numbers: Mapping[str, float]) -> Metric:
    """Return one number for each value of ``label``."""
    family = GaugeMetricFamily(name, about, labels=[label])
    for value, number in numbers.items():
        family.add_metric([value], number)
    return family


def _work() -> Iterator[Metric]:
    """Yield what waits, runs and failed, and the files that are on their way."""
    queue = selectors.queue_status()
    jobs = {"queued": queue.waiting, "running": queue.running}
    yield by("hematovision_jobs", "Analyses that wait or run.", "state", jobs)
    oldest = "For how long the oldest analysis has waited."
    yield GaugeMetricFamily("hematovision_job_oldest_wait_seconds", oldest, value=queue.oldest_wait_seconds)
    failed = selectors.failure_counts()
    yield by("hematovision_jobs_failed", "Failed analyses that nobody has retried.", "reason", failed)
    files, size = selectors.unfinished_total()
    yield GaugeMetricFamily("hematovision_uploads_unfinished", "Files that are on their way.", value=files)
    yield GaugeMetricFamily("hematovision_uploads_unfinished_bytes", "How much of them has come.", value=size)


def _outbox() -> Iterator[Metric]:
    """Yield what other programs are still to be told, and what was given up."""
    status = outbox_status()
    counts = {"waiting": status.waiting, "dead": status.dead}
    yield by("hematovision_deliveries", "Deliveries that wait or were given up.", "state", counts)
    oldest = "For how long the oldest delivery to an enabled destination has waited."
    yield GaugeMetricFamily(
        "hematovision_delivery_oldest_wait_seconds", oldest, value=status.oldest_wait_seconds
    )


def _workers() -> Metric:
    """Return how many processes of each role have left a mark lately; a role without any counts as 0."""
    try:
        there = Counter(worker.role for worker in workers.alive())
    except redis.RedisError:
        there = Counter()
    counts = {role: there[role] for role in workers.ROLES}
    return by("hematovision_workers", "Workers that are at work.", "role", counts)


def _model() -> Iterator[Metric]:
    active = registry.active_version()
    if active is not None:
        facts = {"version": active.version, "sha256": active.sha256}
        yield InfoMetricFamily("hematovision_model", "The model that reads new smears.", value=facts)


def _disk() -> Iterator[Metric]:
    try:
        usage = shutil.disk_usage(settings.VAR_DIR)
    except OSError:
        return
    yield GaugeMetricFamily("hematovision_disk_free_bytes", "Room left for all data.", value=usage.free)
    yield GaugeMetricFamily("hematovision_disk_size_bytes", "Size of that disk.", value=usage.total)
