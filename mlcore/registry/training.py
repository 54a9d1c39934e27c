"""Orders to train: start one, ask one to stop, let one go on."""

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
from mlcore.registry import selectors
from mlcore.registry.dataset_selectors import ready_versions
from mlcore.registry.models import ModelVersion, TrainingRun, TrainingState

MAX_EPOCHS: Final = 200
OPEN: Final = (TrainingState.QUEUED, TrainingState.RUNNING)


class Recipe(models.TextChoices):
    """How a model is trained; the words are the engine's."""

    HEAD = "head", gettext_lazy("head only, in minutes")
    CELL = "cell", gettext_lazy("fine-tune the last blocks")
    FULL = "full", gettext_lazy("full, the slowest")
    ENSEMBLE = "ensemble", gettext_lazy("ensemble of five heads")
    CLASSIC = "classic", gettext_lazy("classic baseline")


class Start(models.TextChoices):
    """What a training starts from; a registered version is named by its key instead."""

    ACTIVE = "active", gettext_lazy("the active model")
    SHIPPED = "shipped", gettext_lazy("the shipped model")
    IMAGENET = "imagenet", gettext_lazy("ImageNet's weights")


class Augmentation(models.TextChoices):
    """How far the pictures are changed while learning; the words are the engine's."""

    NONE = "none", gettext_lazy("none")
    LIGHT = "light", gettext_lazy("light")
    USUAL = "usual", gettext_lazy("usual")
    STRONG = "strong", gettext_lazy("strong")


class Balance(models.TextChoices):
    """How often each class is shown; the words are the engine's."""

    EVEN = "even", gettext_lazy("every class alike")
    FOUND = "found", gettext_lazy("as often as the data has it")


# What an order leaves open.
DEFAULTS: Final[Mapping[str, JSON]] = {
    "start": Start.ACTIVE.value,
    "depth": 14,
    "augmentation": Augmentation.USUAL.value,
    "balance": Balance.EVEN.value,
    "patience": 5,
    "seed": 20,
    "datasets": [],
}
# The whole numbers among them, with their least and most.
NUMBERS: Final = {"epochs": (1, MAX_EPOCHS), "depth": (1, 16), "patience": (0, 50), "seed": (0, 2**31 - 1)}


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


def has_imagenet() -> bool:
    """Return whether the file of ImageNet's weights lies on this server."""
    return Path(settings.IMAGENET_WEIGHTS).is_file()


def training_start(
    *,
    actor: User,
    origin: Origin | None,
    recipe: str,
    data: str,
    options: Mapping[str, JSON],
) -> TrainingRun:
    """Queue a training run on the frozen sets in ``options``, or on the folder ``data``.

    ``data`` lies below ``TRAINING_DATA_ROOT`` and is empty where ``options`` has ``datasets``: hashes of
    manifests. ``options`` needs ``epochs``; ``DEFAULTS`` stand for whatever else it leaves out.

    Raises:
        TrainingRefused: with the reason.
        PermissionDenied: ``actor`` may not manage models.
    """
    require(actor, Capability.MANAGE_MODELS)
    if recipe not in Recipe.values:
        raise TrainingRefused(_("There is no recipe %(name)s.") % {"name": recipe})
    check_options(options)
    _check_data(data, options)
    with transaction.atomic():
        run = TrainingRun(recipe=recipe, data=data, options=dict(options), started_by=actor)
        run.full_clean()
        run.save()
        ring_on_commit(RUN_TRAINING, str(run.pk))
        detail: dict[str, JSON] = {"recipe": recipe, "data": data, **options}
        record("training.started", actor=actor, subject=run, origin=origin, detail=detail)
    return run


def check_options(options: Mapping[str, JSON]) -> None:
    """Raise ``TrainingRefused`` unless every option is known and within its limits."""
    chosen = {**DEFAULTS, **options}
    for name, (least, most) in NUMBERS.items():
        number = chosen.get(name)
        if type(number) is not int or not least <= number <= most:
            raise TrainingRefused(_number_text(name) % {"least": least, "most": most})
    known = chosen["augmentation"] in Augmentation.values and chosen["balance"] in Balance.values
    if not known or set(chosen) - {*DEFAULTS, *NUMBERS}:
        raise TrainingRefused(_("The order has an option that the portal does not know."))
    _check_start(chosen["start"])


def _number_text(name: str) -> str:
    texts = {
        "epochs": _("Epochs go from %(least)d to %(most)d."),
        "depth": _("From %(least)d to %(most)d of the last blocks can be changed."),
        "patience": _("Patience goes from %(least)d to %(most)d epochs."),
    }
    return texts.get(name, _("The seed is a whole number from %(least)d to %(most)d."))


def _check_start(start: JSON) -> None:
    if start == Start.IMAGENET and not has_imagenet():
        raise TrainingRefused(_("The file of ImageNet's weights is not on the server."))
    if start in Start.values:
        return
    try:
        selectors.version(UUID(str(start)))
    except (ValueError, ModelVersion.DoesNotExist):
        raise TrainingRefused(_("There is no such model to start from.")) from None


def _check_data(data: str, options: Mapping[str, JSON]) -> None:
    datasets = options.get("datasets") or []
    if not isinstance(datasets, list) or bool(datasets) == bool(data):
        raise TrainingRefused(_("Choose data sets, or a folder on the server; not both."))
    known = set(ready_versions().values_list("sha256", flat=True))
    if any(sha256 not in known for sha256 in datasets):
        raise TrainingRefused(_("A chosen data set is no longer on the server."))
    if data:
        folder_path(data)


def training_stop(*, actor: User, origin: Origin | None, run_id: UUID) -> TrainingRun:
    """Ask a run to stop: a waiting one ends at once, one under way with its epoch and the best so far.

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


def training_resume(*, actor: User, origin: Origin | None, run_id: UUID) -> TrainingRun:
    """Queue an interrupted run again; it goes on from what its work folder holds.

    Raises:
        TrainingRefused: it was not interrupted.
        PermissionDenied: ``actor`` may not manage models.
        TrainingRun.DoesNotExist: there is no such run.
    """
    require(actor, Capability.MANAGE_MODELS)
    with transaction.atomic():
        run = TrainingRun.objects.select_for_update(no_key=True).get(pk=run_id)
        if run.state != TrainingState.INTERRUPTED:
            raise TrainingRefused(_("Only a training that was interrupted can go on."))
        run.state, run.finished_at, run.failure = TrainingState.QUEUED, None, ""
        run.stop_requested, run.attempts = False, 0
        # From its start to its end then lies a wait of any length, which tells nothing of its pace.
        run.progress["resumed"] = True
        run.save()
        ring_on_commit(RUN_TRAINING, str(run.pk))
        record("training.resumed", actor=actor, subject=run, origin=origin)
    return run
