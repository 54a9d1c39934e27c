"""Shells around the services for the inference worker."""

from __future__ import annotations

from uuid import UUID

from hematovision.core.queue import ANALYSE_FIELD, SHADOW_FIELD, SWEEP_IMAGES, SWEEP_JOBS, light_task
from predictions.services import analyse, shadow
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
    """Remove the images that the laboratory's retention rule keeps no longer."""
    images_sweep()
