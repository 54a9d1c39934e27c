"""Shells around the training line; queued by name."""

from __future__ import annotations

from uuid import UUID

from django.conf import settings

from hematovision.core.queue import PROBE_TRAINING, RUN_TRAINING, SWEEP_TRAINING, heavy_task, light_task, ring
from mlcore.training import lease
from mlcore.training.probe import run_probe
from mlcore.training.run import run_training


# The run itself ends in time; this is for one that hangs.
@heavy_task(RUN_TRAINING, hours=settings.TRAINING_MAX_HOURS + 1)
def run(run_id: str) -> None:
    """Carry out one training run."""
    run_training(UUID(run_id))


@light_task(SWEEP_TRAINING)
def sweep() -> None:
    """Ring again for runs that wait or whose worker has gone."""
    for run_id in lease.overdue():
        ring(RUN_TRAINING, str(run_id))


@light_task(PROBE_TRAINING, seconds=180)
def probe() -> None:
    """Time a few batches for the order form."""
    run_probe()
