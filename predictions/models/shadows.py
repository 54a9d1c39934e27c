"""What a shadow read: kept apart from results, so that no page, count or report can take it for one."""

from __future__ import annotations

from typing import ClassVar

from django.db import models
from django.db.models import Q
from django.db.models.functions import Now

from predictions.models.fields import SmearField


class ShadowReading(models.Model):
    """What one version, not in use, says of one field; ``cells`` is None until it has said it.

    ``cells`` lists ``{"box": [x0, y0, x1, y1], "label", "confidence", "abstained"}`` in pixels of the stored
    image. A row without cells and without ``failure`` is under way, or its process ended without a word.
    """

    id = models.BigAutoField(primary_key=True)
    field = models.ForeignKey(SmearField, on_delete=models.PROTECT, related_name="+")
    model_version = models.ForeignKey("registry.ModelVersion", on_delete=models.PROTECT, related_name="+")
    cells = models.JSONField(null=True)
    milliseconds = models.PositiveIntegerField(null=True)
    failure = models.CharField(max_length=64, blank=True)
    created_at = models.DateTimeField(db_default=Now())

    class Meta:
        """A version reads a field once, and either fails or reads."""

        constraints: ClassVar[list[models.BaseConstraint]] = [
            models.UniqueConstraint(fields=["model_version", "field"], name="shadow_once"),
            models.CheckConstraint(
                condition=Q(failure="") | Q(cells__isnull=True), name="shadow_fails_or_reads"
            ),
        ]

    def __str__(self) -> str:
        return f"{self.field_id} {self.model_version_id}"
