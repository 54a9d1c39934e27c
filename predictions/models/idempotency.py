"""Keys by which programs send the same request again without doing the same thing twice."""

from __future__ import annotations

from typing import ClassVar

from django.conf import settings
from django.db import models
from django.db.models.functions import Now

from predictions.models.samples import Sample


class IdempotencyKey(models.Model):
    """One request that created something, by the key that its sender chose; forgotten after a day.

    The row is written in the transaction of the work, so it is there exactly if the work is. ``asked`` is a
    keyed hash of the address and the body. ``answer`` is the first answer as JSON text with its ``status``
    and ``location``; of an upload only what was ``made`` is kept, since its answer changes as it is read.
    An answer can name a patient, hence ``sample``: these rows go when the patient is erased.
    """

    id = models.BigAutoField(primary_key=True)
    person = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.PROTECT, related_name="+")
    key = models.CharField(max_length=200)
    asked = models.CharField(max_length=64)
    sample = models.ForeignKey(Sample, on_delete=models.PROTECT, null=True, related_name="+")
    made = models.CharField(max_length=64, blank=True)
    status = models.PositiveSmallIntegerField(default=0)
    location = models.CharField(max_length=200, blank=True)
    answer = models.TextField(blank=True)
    created_at = models.DateTimeField(db_default=Now())

    class Meta:
        """A key is one request of one person; parallel ones wait here for the first."""

        indexes: ClassVar[list[models.Index]] = [models.Index(fields=["created_at"], name="idempotency_age")]
        constraints: ClassVar[list[models.BaseConstraint]] = [
            models.UniqueConstraint(fields=["person", "key"], name="idempotency_once"),
        ]

    def __str__(self) -> str:
        return str(self.id)
