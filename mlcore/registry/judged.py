"""How versions were judged, compared and made active: evaluations, results of the gate, promotions."""

from __future__ import annotations

import uuid
from typing import ClassVar

from django.conf import settings
from django.db import models
from django.utils.translation import gettext_lazy as _


class EvaluationState(models.TextChoices):
    """Where an evaluation stands."""

    QUEUED = "queued", _("queued")
    RUNNING = "running", _("running")
    DONE = "done", _("done")
    FAILED = "failed", _("failed")


class Evaluation(models.Model):
    """One version measured on the test part of one frozen data set version, which its hash names.

    ``data`` is that version's header (name, version, license, source). ``report`` holds the figures and
    ``outcomes`` what was said of each cell (``mlcore.engine.paired.CellOutcome``); ``files`` are the pictures
    below ``settings.EVALUATION_ROOT``, each name with its SHA-256. A worker holds the row by ``lease_until``
    and proves it by ``fence``.
    """

    id = models.UUIDField(primary_key=True, default=uuid.uuid4, editable=False)
    version = models.ForeignKey("registry.ModelVersion", on_delete=models.PROTECT, related_name="evaluations")
    data_sha256 = models.CharField(_("data set version"), max_length=64)
    data = models.JSONField(_("data set"), default=dict)
    state = models.CharField(
        _("state"), max_length=16, choices=EvaluationState.choices, default=EvaluationState.QUEUED
    )
    done = models.PositiveIntegerField(_("cells read"), default=0)
    cells = models.PositiveIntegerField(_("cells"), default=0)
    report = models.JSONField(_("figures"), null=True)
    outcomes = models.JSONField(_("outcomes"), null=True)
    files = models.JSONField(_("pictures"), default=dict)
    failure = models.TextField(_("what went wrong"), blank=True)
    lease_until = models.DateTimeField(null=True)
    fence = models.PositiveBigIntegerField(default=0)
    attempts = models.PositiveSmallIntegerField(default=0)
    ordered_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, on_delete=models.PROTECT, null=True, related_name="+"
    )
    created_at = models.DateTimeField(_("ordered"), auto_now_add=True)
    finished_at = models.DateTimeField(_("finished"), null=True)

    class Meta:
        """A version is measured once on a data set, unless that failed."""

        ordering: ClassVar[list[str]] = ["-created_at"]
        constraints: ClassVar[list[models.BaseConstraint]] = [
            models.UniqueConstraint(
                fields=["version", "data_sha256"],
                condition=~models.Q(state=EvaluationState.FAILED),
                name="evaluation_once",
            ),
            models.CheckConstraint(
                condition=models.Q(state__in=EvaluationState.values), name="evaluation_state_known"
            ),
        ]

    def __str__(self) -> str:
        return f"{self.version_id} {self.data_sha256[:12]}"


class GateResult(models.Model):
    """What the gate said of a candidate beside the version that was active then; never changed afterwards.

    ``policy`` is what was asked for, ``criteria`` what was found (``mlcore.registry.gate.Criterion``).
    A migration adds the trigger that refuses UPDATE, DELETE and TRUNCATE, to the tables' owner too.
    """

    append_only: ClassVar[bool] = True

    id = models.UUIDField(primary_key=True, default=uuid.uuid4, editable=False)
    candidate = models.ForeignKey("registry.ModelVersion", on_delete=models.PROTECT, related_name="gates")
    active = models.ForeignKey("registry.ModelVersion", on_delete=models.PROTECT, related_name="+")
    candidate_sha256 = models.CharField(max_length=64)
    active_sha256 = models.CharField(max_length=64)
    data_sha256 = models.CharField(_("data set version"), max_length=64)
    data = models.JSONField(_("data set"))
    policy = models.JSONField(_("targets"))
    criteria = models.JSONField(_("criteria"))
    passed = models.BooleanField(_("passed"))
    made_by = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.PROTECT, related_name="+")
    made_at = models.DateTimeField(_("made"), auto_now_add=True)

    class Meta:
        """Newest first."""

        ordering: ClassVar[list[str]] = ["-made_at"]

    def __str__(self) -> str:
        return f"{self.candidate_id} {'passed' if self.passed else 'refused'}"


class PromotionWay(models.TextChoices):
    """What a promotion rested on."""

    FIRST = "first", _("the first model of this portal")
    RELEASE = "release", _("came with a release of the portal")
    GATE = "gate", _("passed the gate, approved by a second person")
    OVERRIDE = "override", _("written override")
    ROLL_BACK = "roll_back", _("rolled back")


class PromotionState(models.TextChoices):
    """Where a promotion stands."""

    OPEN = "open", _("waits for a second person")
    DONE = "done", _("done")
    WITHDRAWN = "withdrawn", _("withdrawn")


class Promotion(models.Model):
    """How a version became active, or asks to: who, on what ground, after which version (``before``)."""

    id = models.UUIDField(primary_key=True, default=uuid.uuid4, editable=False)
    version = models.ForeignKey("registry.ModelVersion", on_delete=models.PROTECT, related_name="promotions")
    before = models.ForeignKey("registry.ModelVersion", on_delete=models.PROTECT, null=True, related_name="+")
    way = models.CharField(_("ground"), max_length=16, choices=PromotionWay.choices)
    state = models.CharField(_("state"), max_length=16, choices=PromotionState.choices)
    gate = models.ForeignKey(GateResult, on_delete=models.PROTECT, null=True, related_name="+")
    reason = models.TextField(_("reason"), blank=True)
    asked_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, on_delete=models.PROTECT, null=True, related_name="+"
    )
    asked_at = models.DateTimeField(_("asked"), auto_now_add=True)
    decided_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, on_delete=models.PROTECT, null=True, related_name="+"
    )
    decided_at = models.DateTimeField(_("decided"), null=True)

    class Meta:
        """At most one open request for each version; the database itself asks for two different people."""

        ordering: ClassVar[list[str]] = ["-asked_at"]
        constraints: ClassVar[list[models.BaseConstraint]] = [
            models.UniqueConstraint(
                fields=["version"], condition=models.Q(state=PromotionState.OPEN), name="promotion_open_once"
            ),
            models.CheckConstraint(
                condition=~models.Q(way=PromotionWay.GATE, state=PromotionState.DONE)
                | models.Q(gate__isnull=False, decided_by__isnull=False)
                & ~models.Q(decided_by=models.F("asked_by")),
                name="promotion_by_two",
            ),
        ]

    def __str__(self) -> str:
        return f"{self.version_id} {self.way}"
