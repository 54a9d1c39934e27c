"""Reading old samples again with the active model, at a low priority."""

from __future__ import annotations

import uuid
from typing import ClassVar

from django.conf import settings
from django.db import models
from django.db.models import Q
from django.db.models.functions import Now
from django.utils.translation import gettext_lazy as _

from predictions.models.samples import Sample


class Reanalysis(models.Model):
    """An order to read samples again with ``model_version``; ``filters`` are what they were chosen by."""

    class State(models.TextChoices):
        """Where the order stands."""

        RUNNING = "running", _("running")
        STOPPED = "stopped", _("stopped")
        DONE = "done", _("done")

    id = models.UUIDField(primary_key=True, default=uuid.uuid4, editable=False)
    model_version = models.ForeignKey("registry.ModelVersion", on_delete=models.PROTECT, related_name="+")
    filters = models.JSONField(default=dict)
    state = models.CharField(max_length=16, choices=State.choices, default=State.RUNNING)
    why_stopped = models.CharField(max_length=200, blank=True)
    ordered_by = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.PROTECT, related_name="+")
    ordered_at = models.DateTimeField(_("ordered"), db_default=Now())
    ended_at = models.DateTimeField(_("ended"), null=True)

    class Meta:
        """Newest first; one order runs at a time, so that its progress can be believed."""

        verbose_name_plural = "reanalyses"
        ordering: ClassVar[list[str]] = ["-ordered_at"]
        constraints: ClassVar[list[models.BaseConstraint]] = [
            models.UniqueConstraint(
                fields=["state"], condition=Q(state="running"), name="reanalysis_one_runs"
            ),
        ]

    def __str__(self) -> str:
        return str(self.id)


class ReanalysedSample(models.Model):
    """One sample of an order. A worker holds it by a lease and proves that by the fence.

    ``switched`` means that the new reading is the sample's now; ``compared`` that it was read for comparison
    only and nothing of it was kept but ``outcome``: how many cells the two readings call what (``before``,
    ``now``), how many of the earlier ones are called otherwise (``changed``), what each became (``became``:
    rows of earlier name, new name, number) and, where people had said something, what they said against
    both (``words``: rows of their word, earlier name, new name, number). ``''`` is unidentified,
    ``NO_CELL`` that the new reading has found nothing there.
    """

    class State(models.TextChoices):
        """What became of it."""

        WAITING = "waiting", _("waiting")
        SWITCHED = "switched", _("shows the new reading")
        COMPARED = "compared", _("compared only")
        SKIPPED = "skipped", _("nothing to read")
        FAILED = "failed", _("failed")

    id = models.BigAutoField(primary_key=True)
    order = models.ForeignKey(Reanalysis, on_delete=models.PROTECT, related_name="samples")
    sample = models.ForeignKey(Sample, on_delete=models.PROTECT, related_name="reanalyses")
    state = models.CharField(max_length=16, choices=State.choices, default=State.WAITING)
    outcome = models.JSONField(default=dict)
    attempts = models.PositiveSmallIntegerField(default=0)
    lease_until = models.DateTimeField(null=True)
    fence = models.PositiveBigIntegerField(default=0)

    class Meta:
        """A sample is in an order once; the next one that waits is found fast."""

        constraints: ClassVar[list[models.BaseConstraint]] = [
            models.UniqueConstraint(fields=["order", "sample"], name="reanalysed_once_an_order"),
        ]
        indexes: ClassVar[list[models.Index]] = [
            models.Index(fields=["order", "id"], condition=Q(state="waiting"), name="reanalysis_waiting"),
            models.Index(fields=["order", "state"], name="reanalysis_progress"),
        ]

    def __str__(self) -> str:
        return f"{self.order_id} {self.sample_id}"
