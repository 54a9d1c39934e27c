"""Model versions and training runs: what the portal knows about its models."""

from __future__ import annotations

import uuid
from typing import ClassVar, Final

from django.conf import settings
from django.db import models
from django.utils.translation import gettext_lazy as _

from mlcore.registry.dataset_models import DataSet, DataSetOrigin, DataSetState, DataSetVersion, LeakFinding

# Django looks for rows in this module; those of data sets and of judging stand in ones of their own.
from mlcore.registry.judged import (
    Evaluation,
    EvaluationState,
    GateResult,
    Promotion,
    PromotionState,
    PromotionWay,
)

__all__ = [
    "DataSet",
    "DataSetOrigin",
    "DataSetState",
    "DataSetVersion",
    "Evaluation",
    "EvaluationState",
    "GateResult",
    "LeakFinding",
    "ModelSource",
    "ModelState",
    "ModelVersion",
    "Promotion",
    "PromotionState",
    "PromotionWay",
    "TrainingRun",
    "TrainingState",
]


class ModelState(models.TextChoices):
    """Where a version stands; one at most is active, and one at most reads beside it unseen."""

    CANDIDATE = "candidate", _("candidate")
    SHADOW = "shadow", _("shadow")
    ACTIVE = "active", _("active")
    RETIRED = "retired", _("retired")


class ModelSource(models.TextChoices):
    """Where a version came from."""

    SHIPPED = "shipped", _("shipped with the portal")
    TRAINED = "trained", _("trained here")
    IMPORTED = "imported", _("registered from a folder")


class ModelVersion(models.Model):
    """A bundle that was verified and copied into the model folder.

    ``sha256`` is the hash over the bundle's manifest and thereby over each of its files. ``metrics`` is
    the bundle's own evaluation. ``location`` is the folder's name below ``settings.MODEL_ROOT``.
    """

    id = models.UUIDField(primary_key=True, default=uuid.uuid4, editable=False)
    version = models.CharField(_("version"), max_length=64)
    sha256 = models.CharField("SHA-256", max_length=64, unique=True)
    labels = models.JSONField(_("classes"))
    metrics = models.JSONField(_("metrics"), default=dict)
    card = models.TextField(_("model card"), blank=True)
    location = models.CharField(_("folder"), max_length=64)
    source = models.CharField(_("origin"), max_length=16, choices=ModelSource.choices)
    state = models.CharField(
        _("state"), max_length=16, choices=ModelState.choices, default=ModelState.CANDIDATE
    )
    registered_by = models.ForeignKey(
        settings.AUTH_USER_MODEL,
        on_delete=models.PROTECT,
        null=True,
        related_name="+",
        verbose_name=_("registered by"),
    )
    registered_at = models.DateTimeField(_("registered"), auto_now_add=True)
    promoted_at = models.DateTimeField(_("made active"), null=True)
    shadowed_at = models.DateTimeField(_("shadow since"), null=True)

    class Meta:
        """The database itself refuses a second active version."""

        ordering: ClassVar[list[str]] = ["-registered_at"]
        constraints: ClassVar[list[models.BaseConstraint]] = [
            models.UniqueConstraint(
                fields=["state"], condition=models.Q(state=ModelState.ACTIVE), name="model_one_active"
            ),
            models.UniqueConstraint(
                fields=["state"], condition=models.Q(state=ModelState.SHADOW), name="model_one_shadow"
            ),
            models.CheckConstraint(condition=models.Q(state__in=ModelState.values), name="model_state_known"),
        ]

    def __str__(self) -> str:
        return self.version


class TrainingState(models.TextChoices):
    """Where a training run stands."""

    QUEUED = "queued", _("queued")
    RUNNING = "running", _("running")
    DONE = "done", _("done")
    FAILED = "failed", _("failed")
    INTERRUPTED = "interrupted", _("interrupted")


# The engine's names for what it does before and after learning.
STEPS: Final = {
    "data": _("reading the data"),
    "features": _("showing the pictures to the base"),
    "bundle": _("writing the model"),
    "evaluation": _("measuring it on what was held out"),
}


class TrainingRun(models.Model):
    """One order to train a model: what was asked for, how far it is and what became of it.

    It trains on the frozen data sets whose hashes ``options`` lists as ``datasets``, or on the folder
    ``data`` below ``settings.TRAINING_DATA_ROOT``. ``progress`` holds the engine's last report (stage, epoch,
    batch, of, loss, accuracy, seconds_left) and the memory it takes, ``history`` the figures of each epoch,
    ``log`` the last lines it said. A worker holds the run by ``lease_until`` and proves it by ``fence``.
    """

    id = models.UUIDField(primary_key=True, default=uuid.uuid4, editable=False)
    recipe = models.CharField(_("recipe"), max_length=16)
    data = models.CharField(_("data folder"), max_length=255, blank=True)
    options = models.JSONField(_("options"), default=dict)
    state = models.CharField(
        _("state"), max_length=16, choices=TrainingState.choices, default=TrainingState.QUEUED
    )
    progress = models.JSONField(_("progress"), default=dict, blank=True)
    history = models.JSONField(_("history"), default=list, blank=True)
    log = models.TextField(_("log"), blank=True)
    failure = models.TextField(_("what went wrong"), blank=True)
    stop_requested = models.BooleanField(default=False)
    lease_until = models.DateTimeField(null=True, blank=True)
    fence = models.PositiveBigIntegerField(default=0)
    attempts = models.PositiveSmallIntegerField(default=0)
    started_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, on_delete=models.PROTECT, related_name="+", verbose_name=_("started by")
    )
    created_at = models.DateTimeField(_("ordered"), auto_now_add=True)
    started_at = models.DateTimeField(_("started"), null=True, blank=True)
    finished_at = models.DateTimeField(_("finished"), null=True, blank=True)
    result = models.ForeignKey(
        ModelVersion,
        on_delete=models.PROTECT,
        null=True,
        blank=True,
        related_name="runs",
        verbose_name=_("model"),
    )

    class Meta:
        """Newest first; open runs are found by state."""

        ordering: ClassVar[list[str]] = ["-created_at"]
        indexes: ClassVar[list[models.Index]] = [
            models.Index(fields=["state", "lease_until"], name="training_open")
        ]
        constraints: ClassVar[list[models.BaseConstraint]] = [
            models.CheckConstraint(
                condition=models.Q(state__in=TrainingState.values), name="training_state_known"
            ),
        ]

    def __str__(self) -> str:
        return f"{self.recipe} {self.id}"

    @property
    def stopped_early(self) -> bool:
        """Whether somebody stopped it, or its time was up, and the best so far was kept."""
        return self.state == TrainingState.DONE and bool(self.progress.get("stopped"))

    @property
    def step(self) -> str:
        """What is done beside learning, in words; empty while epochs are learned."""
        return str(STEPS.get(self.progress.get("stage", ""), ""))

    @property
    def _head_alone(self) -> bool:
        return self.recipe in {"cell", "full"} and self.progress.get("stage") == "head"

    @property
    def minutes_left(self) -> int | None:
        """How long the rest may take, in whole minutes; None where it cannot be told yet.

        A network's head is trained alone before the network, and its pace tells nothing of what follows.
        """
        if self._head_alone:
            return None
        seconds = self.progress.get("seconds_left")
        return None if seconds is None else max(1, round(seconds / 60))

    @property
    def percent(self) -> float:
        """How much of the step under way is done, 0..100; early stopping may end the epochs sooner."""
        if self._head_alone:
            return 0.0
        if planned := self.progress.get("of_pictures"):
            done = self.progress.get("pictures", 0)
        else:
            done, planned = self.progress.get("epoch", 0), self.progress.get("of")
        return 100 * done / planned if planned else 0.0
