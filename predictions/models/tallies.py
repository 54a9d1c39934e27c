"""How many cells of each type a sample holds, kept beside it so that lists need not count cells."""

from __future__ import annotations

from typing import ClassVar

from django.db import models
from django.db.models import Q

from predictions.models.samples import Sample


class SampleTally(models.Model):
    """``number`` cells of a sample are a ``code`` now; the code '' stands for unidentified ones.

    The rows of a sample always say what ``predictions.selectors.tallied`` counts; a code without a cell has
    no row. ``predictions.services.recount`` alone writes them.
    """

    id = models.BigAutoField(primary_key=True)
    sample = models.ForeignKey(Sample, on_delete=models.PROTECT, related_name="tallies")
    code = models.CharField(max_length=32, blank=True)
    number = models.PositiveIntegerField()

    class Meta:
        """Found by sample for lists and trends, by code for the filter by class."""

        verbose_name_plural = "sample tallies"
        constraints: ClassVar[list[models.BaseConstraint]] = [
            models.UniqueConstraint(fields=["sample", "code"], include=["number"], name="tally_once"),
            models.CheckConstraint(condition=Q(number__gt=0), name="tally_of_something"),
        ]
        indexes: ClassVar[list[models.Index]] = [models.Index(fields=["code", "sample"], name="tally_code")]

    def __str__(self) -> str:
        return f"{self.sample_id} {self.code} {self.number}"
