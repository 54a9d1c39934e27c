"""The training line: data check, train, evaluate, bundle, register. The engine's part runs in a child."""

from __future__ import annotations

import logging
import shutil
from pathlib import Path
from typing import Final, Required, TypedDict
from uuid import UUID

from django.conf import settings
from django.core.exceptions import PermissionDenied
from django.utils.translation import gettext as _

from accounts.permissions import Capability, require
from hematovision.core.errors import PortalError
from mlcore.engine.bundle import SHIPPED_BUNDLE
from mlcore.registry import dataset_selectors, evaluating, files, selectors, services
from mlcore.registry.models import ModelSource, ModelVersion, TrainingRun, TrainingState
from mlcore.registry.training import DEFAULTS, Start, folder_path
from mlcore.training import lease
from mlcore.training.child import Child
from mlcore.training.follow import Follower, TrainingInterrupted
from mlcore.training.leased import LostLease

logger = logging.getLogger(__name__)

MAX_ATTEMPTS: Final = 3
# The engine's status for "nothing could be done", whose reason is the last line of its errors.
UNUSABLE: Final = 2


class TrainingFailed(PortalError):  # noqa: N818 -- the name says what happened
    """The engine could not train; the message is its own."""

    code = "training_failed"


class Outcome(TypedDict, total=False):
    """How a run ended, as its row keeps it."""

    state: Required[str]
    failure: str
    result: ModelVersion


def run_training(run_id: UUID) -> None:
    """Carry out one run, from its data to a registered candidate, if no other worker holds one."""
    run = lease.claim(run_id)
    if run is None:
        return
    try:
        lease.finish(run, **_outcome(run))
    except LostLease:
        logger.warning("Training %s is held by another worker now; this one stored nothing.", run.pk)


def _outcome(run: TrainingRun) -> Outcome:
    """Train and register; return how that ended. What a run that can go on needs is kept."""
    try:
        bundle = _train(run)
        version = services.register_bundle(directory=bundle, actor=run.started_by, source=ModelSource.TRAINED)
    except TrainingInterrupted as cut:
        return Outcome(state=TrainingState.INTERRUPTED, failure=str(cut))
    except (PortalError, PermissionDenied, OSError) as problem:
        logger.warning("Training %s failed: %s", run.pk, type(problem).__name__)
        return Outcome(state=TrainingState.FAILED, failure=str(problem))
    shutil.rmtree(_workdir(run), ignore_errors=True)
    for sha256 in run.options.get("datasets", []):
        evaluating.evaluation_order(version=version.pk, data=sha256, actor=None)
    return Outcome(state=TrainingState.DONE, result=version)


def _workdir(run: TrainingRun) -> Path:
    return Path(settings.VAR_DIR) / "training" / str(run.pk)


def _train(run: TrainingRun) -> Path:
    """Check, train, evaluate and bundle in a child process; return the bundle's folder."""
    if run.attempts > MAX_ATTEMPTS:
        raise TrainingFailed(
            _("The training process ended without a word %(n)d times; often the memory was too small.")
            % {"n": MAX_ATTEMPTS}
        )
    # Whoever lost the right since the order was given must not cost the machine hours first.
    require(run.started_by, Capability.MANAGE_MODELS)
    workdir = _workdir(run)
    stop = workdir / "stop"
    stop.unlink(missing_ok=True)
    with Child(_arguments(run, workdir, stop), threads=settings.TRAINING_THREADS, workdir=workdir) as child:
        Follower(run, child, stop).follow()
        status = child.wait()
    if status == 0:
        return workdir / "bundle"
    if status == UNUSABLE:
        raise TrainingFailed(child.last_words())
    logger.error("Training %s broke off with status %d:\n%s", run.pk, status, child.last_words(40))
    if status < 0:
        text = _(
            "The training process was killed (signal %(n)d), often because the machine's memory ran out. "
            "What it had done is kept; resume it to go on from there."
        )
        raise TrainingInterrupted(text % {"n": -status})
    text = _("The training process broke off with status %(n)d; the training worker's log tells where.")
    raise TrainingFailed(text % {"n": status})


def _arguments(run: TrainingRun, workdir: Path, stop: Path) -> list[str]:
    """Return the engine's command line; whatever it starts from lies on this server already."""
    chosen = {**DEFAULTS, **run.options}
    options = {
        "--recipe": run.recipe,
        "--epochs": chosen["epochs"],
        "--blocks": chosen["depth"],
        "--augmentation": chosen["augmentation"],
        "--balance": chosen["balance"],
        "--patience": chosen["patience"],
        "--seed": chosen["seed"],
        "--weights": start_weights(str(chosen["start"])),
        "--version": f"{run.created_at:%Y%m%d}-{run.pk.hex[:6]}",
        "--work": workdir / "work",
        "--out": workdir / "bundle",
        "--stop": stop,
        "--cache": Path(settings.VAR_DIR) / "training" / "features",
        "--threads": settings.TRAINING_THREADS,
    }
    return ["train", *_data(run), *(str(part) for option in options.items() for part in option)]


def _data(run: TrainingRun) -> list[str]:
    """Return the options that name what is trained on."""
    if run.data:
        return ["--data", str(folder_path(run.data))]
    named = [("--dataset", dataset_selectors.manifest_path(sha256)) for sha256 in run.options["datasets"]]
    named.append(("--pictures", dataset_selectors.pictures_root()))
    return [str(part) for option in named for part in option]


def start_weights(start: str) -> str:
    """Return what the engine starts from: a bundle's folder or the file of ImageNet's weights.

    Raises:
        TrainingFailed: it is no longer on this server.
    """
    if start == Start.SHIPPED:
        return str(SHIPPED_BUNDLE)
    if start == Start.IMAGENET:
        return _imagenet()
    version = (
        selectors.active_version() if start == Start.ACTIVE else selectors.versions().filter(pk=start).first()
    )
    return str(files.folder_of(version.location)) if version else str(SHIPPED_BUNDLE)


def _imagenet() -> str:
    path = Path(settings.IMAGENET_WEIGHTS)
    if not path.is_file():
        raise TrainingFailed(_("The file of ImageNet's weights is no longer on the server."))
    return str(path)
