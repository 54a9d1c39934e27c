"""The training line: data check, train, evaluate, bundle, register. The engine's part runs in a child."""

from __future__ import annotations

import json
import logging
import time
from pathlib import Path
from typing import Any, Final, Required, TypedDict
from uuid import UUID

from django.conf import settings
from django.core.exceptions import PermissionDenied
from django.utils.translation import gettext as _

from accounts.permissions import Capability, require
from hematovision.core.errors import PortalError
from mlcore.registry import files, selectors, services
from mlcore.registry.models import ModelSource, ModelVersion, TrainingRun, TrainingState
from mlcore.registry.training import folder_path
from mlcore.training import lease
from mlcore.training.child import Child

logger = logging.getLogger(__name__)

MAX_ATTEMPTS: Final = 3
# The engine's status for "nothing could be done", whose reason is the last line of its errors.
UNUSABLE: Final = 2
STORE_EVERY_SECONDS: Final = 5.0


class TrainingFailed(PortalError):  # noqa: N818 -- the name says what happened
    """The engine could not train; the message is its own."""

    code = "training_failed"


class TrainingStopped(Exception):  # noqa: N818 -- the name says what happened
    """Someone asked the run to stop."""


class Outcome(TypedDict, total=False):
    """How a run ended, as its row keeps it."""

    state: Required[str]
    failure: str
    result: ModelVersion


def run_training(run_id: UUID) -> None:
    """Carry out one run, from its data folders to a registered candidate, if no other worker holds it."""
    run = lease.claim(run_id)
    if run is None:
        return
    try:
        lease.finish(run, **_outcome(run))
    except lease.LostLease:
        logger.warning("Training %s is held by another worker now; this one stored nothing.", run.pk)


def _outcome(run: TrainingRun) -> Outcome:
    """Train and register; return how that ended."""
    try:
        bundle = _train(run)
        version = services.register_bundle(directory=bundle, actor=run.started_by, source=ModelSource.TRAINED)
    except TrainingStopped:
        return Outcome(state=TrainingState.INTERRUPTED)
    except (PortalError, PermissionDenied, OSError) as problem:
        logger.warning("Training %s failed: %s", run.pk, type(problem).__name__)
        return Outcome(state=TrainingState.FAILED, failure=str(problem))
    return Outcome(state=TrainingState.DONE, result=version)


def _train(run: TrainingRun) -> Path:
    """Check, train, evaluate and bundle in a child process; return the bundle's folder."""
    if run.attempts > MAX_ATTEMPTS:
        raise TrainingFailed(
            _("The training process ended without a word %(n)d times; often the memory was too small.")
            % {"n": MAX_ATTEMPTS}
        )
    # Whoever lost the right since the order was given must not cost the machine hours first.
    require(run.started_by, Capability.MANAGE_MODELS)
    workdir = Path(settings.VAR_DIR) / "training" / str(run.pk)
    with Child(_arguments(run, workdir), threads=settings.TRAINING_THREADS, workdir=workdir) as child:
        _follow(run, child)
        status = child.wait()
    if status == 0:
        return workdir / "bundle"
    if status == UNUSABLE:
        raise TrainingFailed(child.last_words())
    logger.error("Training %s broke off with status %d:\n%s", run.pk, status, child.last_words(40))
    text = _("The training process broke off with status %(n)d; the training worker's log tells where.")
    raise TrainingFailed(text % {"n": status})


def _arguments(run: TrainingRun, workdir: Path) -> list[str]:
    """Return the engine's command line; training starts from the active model, so nothing is downloaded."""
    active = selectors.active_version()
    options = {
        "--data": folder_path(run.data),
        "--recipe": run.recipe,
        "--epochs": run.options["epochs"],
        "--weights": files.folder_of(active.location) if active else "imagenet",
        "--version": f"{run.created_at:%Y%m%d}-{run.pk.hex[:6]}",
        "--work": workdir / "work",
        "--out": workdir / "bundle",
    }
    return ["train", *(str(part) for option in options.items() for part in option)]


def _follow(run: TrainingRun, child: Child) -> None:
    """Store what the engine reports until it ends.

    Raises:
        TrainingStopped: someone asked for it.
        LostLease: another worker took the run over.
    """
    progress, said = dict(run.progress), run.log.splitlines()
    stored = 0.0
    for line in child.lines():
        report = _report(line)
        if report:
            progress |= report
        elif line and not line.startswith(" "):
            # What is indented is a library's listing of hundreds of lines, never a sentence of the engine's.
            said.append(line)
        if time.monotonic() - stored >= STORE_EVERY_SECONDS:
            stored = time.monotonic()
            if lease.renew(run, progress=progress, log="\n".join(said)):
                raise TrainingStopped
    lease.renew(run, progress=progress, log="\n".join(said))


def _report(line: str) -> dict[str, Any]:
    """Read one of the engine's JSON lines; anything else it prints is talk."""
    if not line.startswith("{"):
        return {}
    try:
        report = json.loads(line)
    except ValueError:
        return {}
    return report if isinstance(report, dict) else {}
