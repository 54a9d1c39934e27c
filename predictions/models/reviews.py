"""What people said of cells. Rows are only added: the last one of a cell holds."""

from __future__ import annotations

from typing import ClassVar

from django.conf import settings
from django.db import models
from django.db.models.functions import Now
from django.utils.translation import gettext_lazy as _

from predictions.models.catalogue import CellType
from predictions.models.readings import Cell
from predictions.models.samples import Sample


class ReviewKind(models.TextChoices):
    """What a person did."""

    CONFIRMED = "confirmed", _("confirmed")
    RECLASSIFIED = "reclassified", _("reclassified")
    UNDONE = "undone", _("taken back")


class CellReview(models.Model):
    """One person's word on one cell; never changed afterwards.

    All reviews of one act share ``revision``, the sample's at that act. ``before`` is the review that held
    until then or, of an undo, the one that holds again; it is never an undo itself. ``verdict`` is None where
    the model's pre-classification holds again, and ``undoes`` is the revision that an undo took back.
    """

    append_only: ClassVar[bool] = True

    id = models.BigAutoField(primary_key=True)
    sample = models.ForeignKey(Sample, on_delete=models.PROTECT, related_name="reviews")
    cell = models.ForeignKey(Cell, on_delete=models.PROTECT, related_name="reviews")
    kind = models.CharField(max_length=16, choices=ReviewKind.choices)
    verdict = models.ForeignKey(CellType, on_delete=models.PROTECT, null=True, related_name="+")
    before = models.ForeignKey("self", on_delete=models.PROTECT, null=True, related_name="+")
    undoes = models.PositiveBigIntegerField(null=True)
    revision = models.PositiveBigIntegerField()
    actor = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.PROTECT, related_name="+")
    at = models.DateTimeField(db_default=Now())

    class Meta:
        """The newest word on each cell, and what changed in a sample since a revision, are looked up."""

        indexes: ClassVar[list[models.Index]] = [
            models.Index(fields=["sample", "cell", "-id"], name="review_newest"),
            models.Index(fields=["sample", "revision"], name="review_revision"),
        ]
        constraints: ClassVar[list[models.BaseConstraint]] = [
            models.UniqueConstraint(fields=["cell", "revision"], name="review_once_an_act"),
        ]

    def __str__(self) -> str:
        return f"{self.cell_id} {self.kind}"

    @property
    def standing(self) -> CellReview | None:
        """The review that holds after this one: itself, or what an undo brought back."""
        return self.before if self.kind == ReviewKind.UNDONE else self
