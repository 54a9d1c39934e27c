"""Which samples were erased: nothing of a patient, just that there was one."""

from __future__ import annotations

from typing import ClassVar

from django.db import models
from django.db.models.functions import Now


class ErasedSample(models.Model):
    """A sample that was erased, by its random number.

    Only the database function ``predictions_erase`` writes rows, and a trigger refuses to commit one without
    the log's event ``patient.erased`` of the same sample.
    """

    read_only: ClassVar[bool] = True

    id = models.UUIDField(primary_key=True, editable=False)
    at = models.DateTimeField(db_default=Now(), editable=False)

    def __str__(self) -> str:
        return str(self.id)
