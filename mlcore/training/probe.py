"""The engine's probe in a child of the training worker; its figures are kept for the order form."""

from __future__ import annotations

from pathlib import Path

from django.conf import settings

from mlcore.registry.estimating import keep_probe
from mlcore.training.child import Child
from mlcore.training.follow import read_report


def run_probe() -> None:
    """Time a few batches and keep what was found; nothing is kept where the engine does not get through."""
    workdir = Path(settings.VAR_DIR) / "training" / "probe"
    with Child(["probe"], threads=settings.TRAINING_THREADS, workdir=workdir) as child:
        told = [report for report in map(read_report, child.lines()) if report]
        if child.wait() == 0 and told:
            keep_probe(told[-1])
