"""What the models found in smear fields."""

from __future__ import annotations

import uuid
from typing import ClassVar, Final

from django.db import models
from django.db.models import F, Q
from django.db.models.functions import Now
from django.utils.translation import gettext_lazy as _

from predictions.models.fields import SmearField

# How features are kept: little-endian numbers of half precision, which is finer than what tells cells apart.
FEATURES_AS: Final = "<f2"


class Analysis(models.Model):
    """What one model version said about one field; never changed afterwards.

    ``picture`` is what the picture is like (``mlcore.engine.contracts.PictureStatistics``), None in old
    readings. ``tightened`` is the confidence below which no answer was shown because an alarm of drift stood,
    None where none did (``predictions.models.DriftGuard``).
    """

    append_only: ClassVar[bool] = True

    id = models.UUIDField(primary_key=True, default=uuid.uuid4, editable=False)
    field = models.ForeignKey(SmearField, on_delete=models.PROTECT, related_name="analyses")
    model_version = models.ForeignKey(
        "registry.ModelVersion", on_delete=models.PROTECT, related_name="analyses", verbose_name=_("model")
    )
    quality = models.JSONField(_("quality"), default=list)
    picture = models.JSONField(_("what the picture is like"), null=True)
    tightened = models.FloatField(_("least confidence while drift is looked into"), null=True)
    milliseconds = models.PositiveIntegerField(_("time taken"))
    created_at = models.DateTimeField(_("analysed"), db_default=Now())

    class Meta:
        """One result for each field and model version."""

        verbose_name_plural = _("analyses")
        constraints: ClassVar[list[models.BaseConstraint]] = [
            models.UniqueConstraint(fields=["field", "model_version"], name="analysis_once_per_model"),
        ]

    def __str__(self) -> str:
        return f"{self.field_id} {self.model_version_id}"


class Cell(models.Model):
    """A cell that was found: box in pixels of the stored image, half-open, and what the model says it is.

    ``number`` counts from 1, most certain leukocyte first. ``label`` is the most probable class even when
    the model ``abstained``, which ``reason`` then explains. ``look`` is the square that the network saw and
    the map of what in it speaks for ``label`` (``mlcore.engine.contracts.Look``), None in old readings.
    ``features`` are the cell as a point among others, up to 32 numbers as ``FEATURES_AS``; only cells that
    one model version read can be compared by them. None in old readings.
    """

    append_only: ClassVar[bool] = True

    id = models.UUIDField(primary_key=True, default=uuid.uuid4, editable=False)
    analysis = models.ForeignKey(Analysis, on_delete=models.PROTECT, related_name="cells")
    number = models.PositiveIntegerField(_("number"))
    x0 = models.PositiveIntegerField()
    y0 = models.PositiveIntegerField()
    x1 = models.PositiveIntegerField()
    y1 = models.PositiveIntegerField()
    label = models.CharField(_("class"), max_length=32)
    confidence = models.FloatField(_("confidence"))
    probabilities = models.JSONField(_("probabilities"))
    abstained = models.BooleanField(_("unsure"), default=False)
    reason = models.TextField(_("why the model is unsure"), blank=True)
    look = models.JSONField(_("where the model looked"), null=True)
    features = models.BinaryField(_("what it is compared by"), null=True)

    class Meta:
        """A box has an area and a probability lies between 0 and 1."""

        ordering: ClassVar[list[str]] = ["number"]
        indexes: ClassVar[list[models.Index]] = [
            models.Index(fields=["label", "analysis"], name="cell_label")
        ]
        constraints: ClassVar[list[models.BaseConstraint]] = [
            models.UniqueConstraint(fields=["analysis", "number"], name="cell_numbered"),
            models.CheckConstraint(condition=Q(x1__gt=F("x0"), y1__gt=F("y0")), name="cell_box_has_area"),
            models.CheckConstraint(
                condition=Q(confidence__gte=0, confidence__lte=1), name="cell_confidence_is_probability"
            ),
        ]

    def __str__(self) -> str:
        return f"{self.number} {self.label}"

    @property
    def box(self) -> tuple[int, int, int, int]:
        """The box as (x0, y0, x1, y1)."""
        return self.x0, self.y0, self.x1, self.y1
