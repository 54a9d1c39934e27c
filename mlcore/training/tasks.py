"""Shells around the training line; queued by name."""

from __future__ import annotations

from uuid import UUID

from django.conf import settings

from hematovision.core.queue import (
    EVALUATE_VERSION,
    FIND_LEAKS,
    IMPORT_DATASET,
    PROBE_TRAINING,
    RUN_TRAINING,
    SWEEP_TRAINING,
    heavy_task,
    light_task,
    ring,
)
from mlcore.registry.leaks import waiting
from mlcore.training import evaluating, import_lease, lease
from mlcore.training.importing import run_import
from mlcore.training.leaks import find_leaks
from mlcore.training.probe import run_probe
from mlcore.training.run import run_training


# The run itself ends in time; this is for one that hangs.
@heavy_task(RUN_TRAINING, hours=settings.TRAINING_MAX_HOURS + 1)
def run(run_id: str) -> None:
    """Carry out one training run."""
    run_training(UUID(run_id))
    ring(FIND_LEAKS)


@heavy_task(IMPORT_DATASET)
def import_dataset(version_id: str) -> None:
    """Import one version of a data set."""
    run_import(UUID(version_id))
    ring(FIND_LEAKS)


@heavy_task(EVALUATE_VERSION)
def evaluate(evaluation_id: str) -> None:
    """Measure one version on one data set."""
    evaluating.evaluate_version(UUID(evaluation_id))


@heavy_task(FIND_LEAKS)
def leaks() -> None:
    """Find out which models have seen what data sets test by, where that is not known yet."""
    find_leaks()


@light_task(SWEEP_TRAINING)
def sweep() -> None:
    """Ring again for runs, imports and evaluations that wait or whose worker has gone, and for new leaks."""
    for version_id in import_lease.overdue():
        ring(IMPORT_DATASET, str(version_id))
    for run_id in lease.overdue():
        ring(RUN_TRAINING, str(run_id))
    for evaluation_id in evaluating.overdue():
        ring(EVALUATE_VERSION, str(evaluation_id))
    if waiting():
        ring(FIND_LEAKS)


@light_task(PROBE_TRAINING, seconds=180)
def probe() -> None:
    """Time a few batches for the order form."""
    run_probe()
