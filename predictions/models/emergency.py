"""Emergency access: a sample of another site, opened for a while and for a reason."""

from __future__ import annotations

import uuid
from typing import ClassVar

from django.conf import settings
from django.db import models
from django.db.models.functions import Now

from predictions.models.samples import Sample


class EmergencyAccess(models.Model):
    """Lets one person see one sample of another site until it ends. The reason stands in the log."""

    id = models.UUIDField(primary_key=True, default=uuid.uuid4, editable=False)
    person = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.PROTECT, related_name="+")
    sample = models.ForeignKey(Sample, on_delete=models.PROTECT, related_name="+")
    begun_at = models.DateTimeField(db_default=Now(), editable=False)
    expires_at = models.DateTimeField()

    class Meta:
        """What somebody may see is asked on every request of theirs."""

        indexes: ClassVar[list[models.Index]] = [
            models.Index(fields=["person", "expires_at"], name="emergency_person")
        ]

    def __str__(self) -> str:
        return str(self.id)
