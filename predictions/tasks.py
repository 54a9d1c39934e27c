"""Shells around the services for the inference worker."""

from __future__ import annotations

from uuid import UUID

from hematovision.core.queue import (
    ANALYSE_FIELD,
    READ_AGAIN,
    SHADOW_FIELD,
    SWEEP_IMAGES,
    SWEEP_JOBS,
    WATCH_DRIFT,
    light_task,
)
from predictions.services import analyse, shadow
from predictions.services.drift import watch_drift
from predictions.services.outbox import outbox_sweep
from predictions.services.reread import read_again
from predictions.services.retention import images_sweep
from predictions.services.sweep import sweep


@light_task(ANALYSE_FIELD, seconds=45)
def analyse_field(field_id: str) -> None:
    """Analyse one field; the time limits lie below the lease, so that a killed task is not yet taken over."""
    analyse.analyse_field(UUID(field_id))


@light_task(SHADOW_FIELD, seconds=20)
def shadow_field(field_id: str) -> None:
    """Let the shadow read one field; the time is its whole budget."""
    shadow.shadow_field(UUID(field_id))


@light_task(SWEEP_JOBS)
def sweep_jobs() -> None:
    """Ring for what nobody works on."""
    sweep()
    shadow.shadow_sweep()


@light_task(SWEEP_IMAGES)
def sweep_images() -> None:
    """Remove the deliveries and images that the laboratory's retention rules keep no longer."""
    outbox_sweep()
    images_sweep()


@light_task(WATCH_DRIFT, seconds=300)
def look_for_drift() -> None:
    """Hold the last two weeks of each site against the model's first fields there."""
    watch_drift()


@light_task(READ_AGAIN, seconds=240)
def read_samples_again() -> None:
    """Read some samples of an order again, while nothing new waits; the lease of one is longer."""
    read_again()
