"""Signed reports, and critical values that somebody took note of. Rows are only added."""

from __future__ import annotations

import uuid
from typing import ClassVar

from django.conf import settings
from django.db import models
from django.db.models import Q
from django.db.models.functions import Now
from django.utils.translation import gettext_lazy as _

from predictions.models.samples import Sample


class Report(models.Model):
    """One signed version of a sample's report; a migration's trigger refuses to change or remove it.

    ``content`` is everything that is printed, as JSON text (``predictions.report``), ``pdf`` the file that
    was made of it at signing and ``sha256`` that file's hash. ``code`` is what the reader of a printed report
    types to confirm it. ``reason`` says why an earlier version was replaced.
    """

    append_only: ClassVar[bool] = True

    id = models.UUIDField(primary_key=True, default=uuid.uuid4, editable=False)
    sample = models.ForeignKey(Sample, on_delete=models.PROTECT, related_name="reports")
    version = models.PositiveSmallIntegerField(_("version"))
    revision = models.PositiveBigIntegerField()
    content = models.TextField()
    pdf = models.BinaryField()
    sha256 = models.CharField("SHA-256", max_length=64)
    code = models.CharField(_("verification code"), max_length=24, unique=True)
    reason = models.TextField(_("reason of the amendment"), blank=True)
    override = models.TextField(_("why signed nevertheless"), blank=True)
    signed_by = models.ForeignKey(
        settings.AUTH_USER_MODEL,
        on_delete=models.PROTECT,
        related_name="reports",
        verbose_name=_("signed by"),
    )
    signed_at = models.DateTimeField(_("signed"))

    class Meta:
        """Versions count from 1, each once; only the first needs no reason."""

        ordering: ClassVar[list[str]] = ["-version"]
        constraints: ClassVar[list[models.BaseConstraint]] = [
            models.UniqueConstraint(fields=["sample", "version"], name="report_version_once"),
            models.CheckConstraint(
                condition=Q(version=1, reason="") | (Q(version__gt=1) & ~Q(reason="")),
                name="report_amended_with_reason",
            ),
        ]

    def __str__(self) -> str:
        return f"{self.sample_id} {self.version}"


class Acknowledgement(models.Model):
    """Somebody took note of a critical value. ``key`` names the value, so another one is noted again."""

    append_only: ClassVar[bool] = True

    id = models.BigAutoField(primary_key=True)
    sample = models.ForeignKey(Sample, on_delete=models.PROTECT, related_name="acknowledgements")
    key = models.CharField(max_length=80)
    sentence = models.CharField(max_length=300)
    actor = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.PROTECT, related_name="+")
    at = models.DateTimeField(db_default=Now())

    class Meta:
        """One is enough for each value."""

        constraints: ClassVar[list[models.BaseConstraint]] = [
            models.UniqueConstraint(fields=["sample", "key"], name="critical_noted_once"),
        ]

    def __str__(self) -> str:
        return f"{self.sample_id} {self.key}"
