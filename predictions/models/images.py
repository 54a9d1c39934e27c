"""Pictures in the image folder."""

from __future__ import annotations

from pathlib import Path
from typing import BinaryIO, ClassVar

from django.conf import settings
from django.db import models
from django.db.models import Q
from django.utils import timezone
from django.utils.formats import date_format
from django.utils.translation import gettext_lazy as _

from predictions.errors import ImageGone

SUFFIXES = {"image/jpeg": ".jpg", "image/png": ".png"}


class StoredImage(models.Model):
    """A picture in the image folder, named by the SHA-256 of its cleaned bytes.

    ``removed_at`` is when the laboratory's retention rule took the file away; the same bytes uploaded again
    bring it back.
    """

    sha256 = models.CharField("SHA-256", max_length=64, primary_key=True)
    media_type = models.CharField(_("format"), max_length=16, choices=[(key, key) for key in SUFFIXES])
    width = models.PositiveIntegerField(_("width"))
    height = models.PositiveIntegerField(_("height"))
    bytes = models.PositiveBigIntegerField(_("bytes"))
    removed_at = models.DateTimeField(_("removed"), null=True, editable=False)

    class Meta:
        """Only what the portal itself writes can be an image."""

        constraints: ClassVar[list[models.BaseConstraint]] = [
            models.CheckConstraint(condition=Q(media_type__in=list(SUFFIXES)), name="image_format_known"),
            models.CheckConstraint(condition=Q(sha256__regex=r"^[0-9a-f]{64}$"), name="image_hash_is_hex"),
        ]

    def __str__(self) -> str:
        return self.sha256

    @property
    def relative_path(self) -> str:
        """Where the file lies below ``settings.IMAGE_ROOT``."""
        return f"{self.sha256[:2]}/{self.sha256}{SUFFIXES[self.media_type]}"

    @property
    def path(self) -> Path:
        """The file itself."""
        return Path(settings.IMAGE_ROOT) / self.relative_path

    def open(self) -> BinaryIO:
        """Open the file for reading.

        Raises:
            ImageGone: it was removed by the retention rule, is missing or cannot be read.
        """
        if self.removed_at:
            told = _("The image was removed on %(day)s by the laboratory's retention rule.")
            day = date_format(timezone.localtime(self.removed_at), "j M Y")
            raise ImageGone(told % {"day": day})
        try:
            return self.path.open("rb")
        except OSError as problem:
            raise ImageGone(_("The stored image cannot be found. Tell your admin.")) from problem
