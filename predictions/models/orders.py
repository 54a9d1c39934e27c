"""Orders that other programs placed."""

from __future__ import annotations

import uuid
from typing import ClassVar

from django.conf import settings
from django.db import models
from django.db.models.functions import Now

from predictions.models.samples import Sample


class Order(models.Model):
    """What a requester's program ordered, under its own number: ``value``, of the numbers of ``system``.

    ``patient_value`` of ``patient_system`` is the patient's number as the order gave it.
    """

    id = models.UUIDField(primary_key=True, default=uuid.uuid4, editable=False)
    sample = models.OneToOneField(Sample, on_delete=models.PROTECT, related_name="order")
    system = models.CharField(max_length=255)
    value = models.CharField(max_length=128)
    patient_system = models.CharField(max_length=255, blank=True)
    patient_value = models.CharField(max_length=64)
    placed_by = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.PROTECT, related_name="+")
    created_at = models.DateTimeField(db_default=Now(), editable=False)

    class Meta:
        """A number is an order once."""

        constraints: ClassVar[list[models.BaseConstraint]] = [
            models.UniqueConstraint(fields=["system", "value"], name="order_once"),
        ]

    def __str__(self) -> str:
        return str(self.id)

    def system_of(self, reference: str) -> str:
        """Return whose number a patient reference is: the requester's while nobody has corrected it."""
        return self.patient_system if reference == self.patient_value else ""
