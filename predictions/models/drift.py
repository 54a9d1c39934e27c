"""Whether a model still meets at a site what it met there first, week by week, and what is done about it."""

from __future__ import annotations

from typing import ClassVar, Final

from django.conf import settings
from django.contrib.postgres.fields import ArrayField
from django.db import models
from django.db.models import Q
from django.utils.translation import gettext_lazy as _

# What the reason of a cell begins with that a guard has hidden: the model itself had an answer.
TIGHTENED: Final = "the pictures have changed and nobody has looked into it yet"


class DriftWeek(models.Model):
    """One week, from Monday, of a site and a model version, held against the version's first fields there.

    ``measures`` are those of ``mlcore.engine.drift.Measure``; ``alarms`` the names of those that have
    alarmed, ``seen`` of those that somebody has taken note of. The alarm ``stands`` while one was not. The
    numbers of the present and the past week still move; older ones are kept. ``noted`` says by name as what
    it was noted and in which week (``predictions.services.drift_notes``), earlier weeks' notes among them.
    """

    id = models.BigAutoField(primary_key=True)
    week = models.DateField(_("week from"))
    site = models.ForeignKey("accounts.Site", on_delete=models.PROTECT, related_name="+")
    model_version = models.ForeignKey("registry.ModelVersion", on_delete=models.PROTECT, related_name="+")
    fields = models.PositiveIntegerField(_("fields"))
    cells = models.PositiveIntegerField(_("cells"))
    measures = models.JSONField(default=list)
    alarms = ArrayField(models.CharField(max_length=32), default=list)
    seen = ArrayField(models.CharField(max_length=32), default=list)
    noted = models.JSONField(default=dict)
    stands = models.BooleanField(default=False)
    seen_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, on_delete=models.PROTECT, null=True, related_name="+"
    )
    seen_at = models.DateTimeField(null=True)
    note = models.TextField(_("note"), blank=True)
    computed_at = models.DateTimeField(_("computed"), auto_now=True)

    class Meta:
        """A week of a version at a site is judged once; each reading asks for standing alarms."""

        ordering: ClassVar[list[str]] = ["-week", "site__name"]
        constraints: ClassVar[list[models.BaseConstraint]] = [
            models.UniqueConstraint(fields=["site", "model_version", "week"], name="drift_week_once"),
        ]
        indexes: ClassVar[list[models.Index]] = [
            models.Index(fields=["site", "model_version"], condition=Q(stands=True), name="drift_stands"),
        ]

    def __str__(self) -> str:
        return f"{self.week} {self.site_id}"

    @property
    def standing(self) -> set[str]:
        """The names of the alarms that nobody has taken note of."""
        return set(self.alarms) - set(self.seen)


class DriftGuard(models.Model):
    """A site that shows no answer below ``least_confidence`` while an alarm stands. No row, no guard."""

    site = models.OneToOneField(
        "accounts.Site", on_delete=models.PROTECT, primary_key=True, related_name="drift_guard"
    )
    least_confidence = models.FloatField(_("least confidence"))
    changed_by = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.PROTECT, related_name="+")
    changed_at = models.DateTimeField(auto_now=True)

    class Meta:
        """A confidence is a probability, and one of 1 would show nothing at all."""

        constraints: ClassVar[list[models.BaseConstraint]] = [
            models.CheckConstraint(
                condition=Q(least_confidence__gt=0, least_confidence__lt=1), name="drift_guard_is_probability"
            ),
        ]

    def __str__(self) -> str:
        return f"{self.site_id} {self.least_confidence}"
