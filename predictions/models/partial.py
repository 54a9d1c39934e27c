"""Files that are on their way, piece by piece."""

from __future__ import annotations

import uuid
from pathlib import Path
from typing import ClassVar

from django.conf import settings
from django.db import models
from django.db.models import F, Q
from django.utils.translation import gettext_lazy as _

from predictions.models.fields import SmearField
from predictions.models.samples import Sample


class PartialUpload(models.Model):
    """A file of which ``received`` bytes of ``size`` have come; this row, not the file, says how many.

    ``modified`` is when the file was last changed on the sender's disk, in ms since 1970; with name and size
    it tells a file that is chosen again. ``sha256`` is of the whole file where the sender announced it, else
    empty. Once the file has become a field its bytes go, and ``field`` is kept for a day, for a sender who
    never got the last answer.
    """

    id = models.UUIDField(primary_key=True, default=uuid.uuid4, editable=False)
    site = models.ForeignKey("accounts.Site", on_delete=models.PROTECT, related_name="+")
    owner = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.PROTECT, related_name="+")
    sample = models.ForeignKey(Sample, on_delete=models.PROTECT, null=True, related_name="+")
    original_name = models.CharField(_("file name"), max_length=255)
    size = models.PositiveBigIntegerField(_("bytes"))
    received = models.PositiveBigIntegerField(_("bytes received"), default=0)
    single = models.BooleanField(_("picture of one cell"), default=False)
    modified = models.BigIntegerField(null=True)
    sha256 = models.CharField(_("SHA-256 of the whole file"), max_length=64, blank=True)
    field = models.OneToOneField(SmearField, on_delete=models.PROTECT, null=True, related_name="+")
    created_at = models.DateTimeField(auto_now_add=True)
    updated_at = models.DateTimeField(auto_now=True)

    class Meta:
        """The indexes follow the two questions: what has a person not finished, and what is forgotten."""

        indexes: ClassVar[list[models.Index]] = [
            models.Index(fields=["owner", "created_at"], condition=Q(field=None), name="partial_open"),
            models.Index(fields=["updated_at"], name="partial_touched"),
        ]
        constraints: ClassVar[list[models.BaseConstraint]] = [
            models.CheckConstraint(condition=Q(received__lte=F("size")), name="partial_not_beyond_its_size"),
        ]

    def __str__(self) -> str:
        return str(self.id)

    @property
    def path(self) -> Path:
        """The file that the pieces are put together in."""
        return Path(settings.PARTIAL_ROOT) / str(self.id)
