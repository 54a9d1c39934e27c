"""Shells around the training line; queued by name."""

from __future__ import annotations

from uuid import UUID

from hematovision.core.queue import RUN_TRAINING, SWEEP_TRAINING, heavy_task, light_task, ring
from mlcore.training import lease
from mlcore.training.run import run_training


@heavy_task(RUN_TRAINING)
def run(run_id: str) -> None:
    """Carry out one training run."""
    run_training(UUID(run_id))


@light_task(SWEEP_TRAINING)
def sweep() -> None:
    """Ring again for runs that wait or whose worker has gone."""
    for run_id in lease.overdue():
        ring(RUN_TRAINING, str(run_id))
