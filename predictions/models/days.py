"""What the models read on each day, kept so that the dashboard need not count cells."""

from __future__ import annotations

from typing import ClassVar

from django.db import models


class DayTally(models.Model):
    """The cells that a model version called ``label`` at a site on one day of the portal's time zone.

    ``cells`` counts every reading, ``unidentified`` those of them where the model abstained. ``reviewed``
    are the answers (not abstained) on which a person's word stands now, ``overridden`` those where this word
    is another class. The day is that of the reading, whenever the word came. The rows hold no patient's
    data, so they stay when a patient is erased. ``predictions.services.days`` alone writes them.
    """

    id = models.BigAutoField(primary_key=True)
    day = models.DateField()
    site = models.ForeignKey("accounts.Site", on_delete=models.PROTECT, related_name="+")
    model_version = models.ForeignKey("registry.ModelVersion", on_delete=models.PROTECT, related_name="+")
    label = models.CharField(max_length=32)
    cells = models.PositiveIntegerField()
    unidentified = models.PositiveIntegerField(default=0)
    reviewed = models.PositiveIntegerField(default=0)
    overridden = models.PositiveIntegerField(default=0)

    class Meta:
        """Found by day. No constraint holds the counts together: statistics never stand in a review's way."""

        constraints: ClassVar[list[models.BaseConstraint]] = [
            models.UniqueConstraint(fields=["day", "site", "model_version", "label"], name="day_tally_once"),
        ]

    def __str__(self) -> str:
        return f"{self.day} {self.label} {self.cells}"
