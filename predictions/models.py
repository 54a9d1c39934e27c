"""Smear fields, the jobs that analyse them, and what the models found."""

from __future__ import annotations

import uuid
from pathlib import Path
from typing import BinaryIO, ClassVar

from django.conf import settings
from django.db import models
from django.db.models import F, Q
from django.db.models.functions import Now
from django.utils.translation import gettext_lazy as _

from predictions.errors import ImageGone
from predictions.states import Failure, JobState

SUFFIXES = {"image/jpeg": ".jpg", "image/png": ".png"}


class StoredImage(models.Model):
    """A picture in the image folder, named by the SHA-256 of its cleaned bytes."""

    sha256 = models.CharField("SHA-256", max_length=64, primary_key=True)
    media_type = models.CharField(_("format"), max_length=16, choices=[(key, key) for key in SUFFIXES])
    width = models.PositiveIntegerField(_("width"))
    height = models.PositiveIntegerField(_("height"))
    bytes = models.PositiveBigIntegerField(_("bytes"))

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
            ImageGone: it is missing or cannot be read.
        """
        try:
            return self.path.open("rb")
        except OSError as problem:
            raise ImageGone(_("The stored image cannot be found. Tell your admin.")) from problem


class SmearField(models.Model):
    """One uploaded picture of a smear, or of a single cell when ``single`` is set."""

    id = models.UUIDField(primary_key=True, default=uuid.uuid4, editable=False)
    site = models.ForeignKey("accounts.Site", on_delete=models.PROTECT, related_name="fields")
    uploaded_by = models.ForeignKey(
        settings.AUTH_USER_MODEL,
        on_delete=models.PROTECT,
        related_name="fields",
        verbose_name=_("uploaded by"),
    )
    image = models.ForeignKey(StoredImage, on_delete=models.PROTECT, related_name="fields")
    original_name = models.CharField(_("file name"), max_length=255)
    original_sha256 = models.CharField(_("SHA-256 of the uploaded file"), max_length=64)
    single = models.BooleanField(_("picture of one cell"), default=False)
    created_at = models.DateTimeField(_("uploaded"), auto_now_add=True)

    class Meta:
        """The indexes follow the history: by time, within a site, by person."""

        ordering: ClassVar[list[str]] = ["-created_at", "-id"]
        indexes: ClassVar[list[models.Index]] = [
            models.Index(fields=["-created_at", "-id"], name="field_time"),
            models.Index(fields=["site", "-created_at", "-id"], name="field_site_time"),
            models.Index(fields=["uploaded_by", "-created_at", "-id"], name="field_person_time"),
            models.Index(fields=["original_sha256"], name="field_original"),
        ]

    def __str__(self) -> str:
        return str(self.id)


class AnalysisJob(models.Model):
    """The work that one field causes. A worker holds it by a lease and proves that by the fence."""

    field = models.OneToOneField(SmearField, on_delete=models.PROTECT, related_name="job")
    state = models.CharField(_("state"), max_length=16, choices=JobState.choices, default=JobState.QUEUED)
    attempts = models.PositiveSmallIntegerField(_("attempts"), default=0)
    lease_until = models.DateTimeField(null=True, blank=True)
    fence = models.PositiveBigIntegerField(default=0)
    failure_code = models.CharField(max_length=32, choices=Failure.choices, blank=True)
    failure_text = models.TextField(_("what went wrong"), blank=True)
    created_at = models.DateTimeField(_("queued"), db_default=Now())
    started_at = models.DateTimeField(_("started"), null=True, blank=True)
    finished_at = models.DateTimeField(_("finished"), null=True, blank=True)

    class Meta:
        """The constraints refuse a job that waits for nobody or failed for no reason."""

        indexes: ClassVar[list[models.Index]] = [
            models.Index(
                fields=["state", "created_at"],
                condition=Q(state__in=[JobState.QUEUED, JobState.RUNNING]),
                name="job_open",
            ),
            models.Index(fields=["-finished_at"], condition=Q(state=JobState.FAILED), name="job_failed"),
        ]
        constraints: ClassVar[list[models.BaseConstraint]] = [
            models.CheckConstraint(condition=Q(state__in=JobState.values), name="job_state_known"),
            models.CheckConstraint(
                condition=Q(state=JobState.RUNNING, lease_until__isnull=False)
                | (~Q(state=JobState.RUNNING) & Q(lease_until__isnull=True)),
                name="job_leased_while_running",
            ),
            models.CheckConstraint(
                condition=(Q(state=JobState.FAILED) & ~Q(failure_code=""))
                | (~Q(state=JobState.FAILED) & Q(failure_code="")),
                name="job_failed_with_reason",
            ),
            models.CheckConstraint(
                condition=Q(state__in=[JobState.DONE, JobState.FAILED], finished_at__isnull=False)
                | Q(state__in=[JobState.QUEUED, JobState.RUNNING], finished_at__isnull=True),
                name="job_finished_at_end",
            ),
        ]

    def __str__(self) -> str:
        return f"{self.field_id} {self.state}"


class Analysis(models.Model):
    """What one model version said about one field; never changed afterwards."""

    append_only: ClassVar[bool] = True

    id = models.UUIDField(primary_key=True, default=uuid.uuid4, editable=False)
    field = models.ForeignKey(SmearField, on_delete=models.PROTECT, related_name="analyses")
    model_version = models.ForeignKey(
        "registry.ModelVersion", on_delete=models.PROTECT, related_name="analyses", verbose_name=_("model")
    )
    quality = models.JSONField(_("quality"), default=list)
    milliseconds = models.PositiveIntegerField(_("time taken"))
    created_at = models.DateTimeField(_("analysed"), db_default=Now())

    class Meta:
        """One result for each field and model version."""

        verbose_name_plural = _("analyses")
        constraints: ClassVar[list[models.BaseConstraint]] = [
            models.UniqueConstraint(fields=["field", "model_version"], name="analysis_once_per_model"),
        ]

    def __str__(self) -> str:
        return f"{self.field_id} {self.model_version_id}"


class Cell(models.Model):
    """A cell that was found: box in pixels of the stored image, half-open, and what the model says it is.

    ``number`` counts from 1, most certain leukocyte first. ``label`` is the most probable class even when
    the model ``abstained``, which ``reason`` then explains.
    """

    append_only: ClassVar[bool] = True

    id = models.UUIDField(primary_key=True, default=uuid.uuid4, editable=False)
    analysis = models.ForeignKey(Analysis, on_delete=models.PROTECT, related_name="cells")
    number = models.PositiveIntegerField(_("number"))
    x0 = models.PositiveIntegerField()
    y0 = models.PositiveIntegerField()
    x1 = models.PositiveIntegerField()
    y1 = models.PositiveIntegerField()
    label = models.CharField(_("class"), max_length=32)
    confidence = models.FloatField(_("confidence"))
    probabilities = models.JSONField(_("probabilities"))
    abstained = models.BooleanField(_("unsure"), default=False)
    reason = models.TextField(_("why the model is unsure"), blank=True)

    class Meta:
        """A box has an area and a probability lies between 0 and 1."""

        ordering: ClassVar[list[str]] = ["number"]
        indexes: ClassVar[list[models.Index]] = [
            models.Index(fields=["label", "analysis"], name="cell_label")
        ]
        constraints: ClassVar[list[models.BaseConstraint]] = [
            models.UniqueConstraint(fields=["analysis", "number"], name="cell_numbered"),
            models.CheckConstraint(condition=Q(x1__gt=F("x0"), y1__gt=F("y0")), name="cell_box_has_area"),
            models.CheckConstraint(
                condition=Q(confidence__gte=0, confidence__lte=1), name="cell_confidence_is_probability"
            ),
        ]

    def __str__(self) -> str:
        return f"{self.number} {self.label}"

    @property
    def box(self) -> tuple[int, int, int, int]:
        """The box as (x0, y0, x1, y1)."""
        return self.x0, self.y0, self.x1, self.y1
