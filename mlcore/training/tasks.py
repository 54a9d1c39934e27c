"""Shells around the training line; queued by name."""

from __future__ import annotations

from uuid import UUID

from hematovision.core.queue import (
    EVALUATE_VERSION,
    RUN_TRAINING,
    SWEEP_TRAINING,
    heavy_task,
    light_task,
    ring,
)
from mlcore.training import evaluating, lease
from mlcore.training.run import run_training


@heavy_task(RUN_TRAINING)
def run(run_id: str) -> None:
    """Carry out one training run."""
    run_training(UUID(run_id))


@heavy_task(EVALUATE_VERSION)
def evaluate(evaluation_id: str) -> None:
    """Measure one version on one data set."""
    evaluating.evaluate_version(UUID(evaluation_id))


@light_task(SWEEP_TRAINING)
def sweep() -> None:
    """Ring again for runs and evaluations that wait or whose worker has gone."""
    for run_id in lease.overdue():
        ring(RUN_TRAINING, str(run_id))
    for evaluation_id in evaluating.overdue():
        ring(EVALUATE_VERSION, str(evaluation_id))
