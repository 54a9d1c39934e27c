"""Orders to train: start one, ask one to stop."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Final
from uuid import UUID

from django.conf import settings
from django.db import models, transaction
from django.db.models.functions import Now
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from accounts.audit.record import JSON, record
from accounts.models import User
from accounts.permissions import Capability, require
from hematovision.core.errors import PortalError
from hematovision.core.origin import Origin
from hematovision.core.queue import RUN_TRAINING, ring_on_commit
from mlcore.registry.models import TrainingRun, TrainingState

MAX_EPOCHS: Final = 200
OPEN: Final = (TrainingState.QUEUED, TrainingState.RUNNING)


class Recipe(models.TextChoices):
    """How a model is trained; the words are the engine's."""

    CELL = "cell", gettext_lazy("on cells: head first, then the deeper layers")
    CLASSIC = "classic", gettext_lazy("classic baseline: frozen base, flatten, dropout, softmax")


class TrainingRefused(PortalError):  # noqa: N818 -- the name says what happened
    """The order names a folder, recipe or option that cannot be used; nothing was queued."""

    code = "training_refused"


def data_folders() -> list[str]:
    """Return the names of the folders that a run may be trained on, sorted; links are not followed."""
    root = Path(settings.TRAINING_DATA_ROOT)
    if not root.is_dir():
        return []
    inside = (entry for entry in root.iterdir() if entry.is_dir() and not entry.is_symlink())
    return sorted(entry.name for entry in inside if not entry.name.startswith("."))


def folder_path(name: str) -> Path:
    """Return the path of one data folder below ``TRAINING_DATA_ROOT``.

    Raises:
        TrainingRefused: it is not one of those listed, so no ``..``, link or absolute path leads outside.
    """
    if name not in data_folders():
        raise TrainingRefused(_("There is no data folder “%(name)s” on the server.") % {"name": name})
    return Path(settings.TRAINING_DATA_ROOT) / name


def training_start(
    *,
    actor: User,
    origin: Origin | None,
    recipe: str,
    data: str,
    options: Mapping[str, JSON],
) -> TrainingRun:
    """Queue a training run on the folder ``data`` below ``TRAINING_DATA_ROOT``.

    Raises:
        TrainingRefused: with the reason.
        PermissionDenied: ``actor`` may not manage models.
    """
    require(actor, Capability.MANAGE_MODELS)
    if recipe not in Recipe.values:
        raise TrainingRefused(_("There is no recipe %(name)s.") % {"name": recipe})
    epochs = options.get("epochs")
    if type(epochs) is not int or not 1 <= epochs <= MAX_EPOCHS:
        raise TrainingRefused(_("Epochs go from 1 to %(most)d.") % {"most": MAX_EPOCHS})
    folder_path(data)
    with transaction.atomic():
        run = TrainingRun(recipe=recipe, data=data, options=dict(options), started_by=actor)
        run.full_clean()
        run.save()
        ring_on_commit(RUN_TRAINING, str(run.pk))
        detail: dict[str, JSON] = {"recipe": recipe, "epochs": epochs, "data": data}
        record("training.started", actor=actor, subject=run, origin=origin, detail=detail)
    return run


def training_stop(*, actor: User, origin: Origin | None, run_id: UUID) -> TrainingRun:
    """Ask a run to stop: a waiting one ends at once, one under way within seconds.

    Raises:
        TrainingRefused: it has ended already.
        PermissionDenied: ``actor`` may not manage models.
        TrainingRun.DoesNotExist: there is no such run.
    """
    require(actor, Capability.MANAGE_MODELS)
    with transaction.atomic():
        run = TrainingRun.objects.select_for_update(no_key=True).get(pk=run_id)
        if run.state not in OPEN:
            raise TrainingRefused(_("This training has ended already."))
        run.stop_requested = True
        if run.state == TrainingState.QUEUED:
            run.state, run.finished_at = TrainingState.INTERRUPTED, Now()
        run.save()
        record("training.stopped", actor=actor, subject=run, origin=origin)
    run.refresh_from_db()
    return run
