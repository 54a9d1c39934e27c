"""Cells that overlapping fields of a sample probably show twice."""

from __future__ import annotations

from typing import ClassVar

from django.db import models
from django.db.models import F, Q
from django.db.models.functions import Now
from django.utils.translation import gettext_lazy as _

from predictions.models.readings import Cell
from predictions.models.samples import Sample


class SuggestedTwin(models.Model):
    """That ``cell`` is probably ``twin`` once more; people decide. Never changed afterwards.

    ``twin`` lies in the field that was uploaded first, so suggestions never lead in a circle and one cell of
    each set is left to be counted. ``score`` is how well the surroundings agree, and no probability. A
    suggestion is open until somebody has said what ``cell`` is.
    """

    append_only: ClassVar[bool] = True

    id = models.BigAutoField(primary_key=True)
    sample = models.ForeignKey(Sample, on_delete=models.PROTECT, related_name="suggested_twins")
    cell = models.ForeignKey(Cell, on_delete=models.PROTECT, related_name="suggested_twins")
    twin = models.ForeignKey(Cell, on_delete=models.PROTECT, related_name="+")
    score = models.FloatField(_("agreement"))
    at = models.DateTimeField(db_default=Now())

    class Meta:
        """Two cells are suggested once."""

        constraints: ClassVar[list[models.BaseConstraint]] = [
            models.UniqueConstraint(fields=["cell", "twin"], name="twins_suggested_once"),
            models.CheckConstraint(condition=~Q(cell=F("twin")), name="twin_is_another_cell"),
        ]

    def __str__(self) -> str:
        return f"{self.cell_id} {self.twin_id}"
