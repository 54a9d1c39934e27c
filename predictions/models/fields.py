"""Smear fields and the jobs that analyse them."""

from __future__ import annotations

import uuid
from typing import ClassVar

from django.conf import settings
from django.db import models
from django.db.models import Case, F, FloatField, GeneratedField, Q, When
from django.db.models.functions import Extract, Now
from django.utils.translation import gettext_lazy as _

from predictions.models.images import StoredImage
from predictions.models.samples import Sample
from predictions.states import Failure, JobState


class SmearField(models.Model):
    """One uploaded picture of a smear, or of a single cell when ``single`` is set; most are of a sample."""

    id = models.UUIDField(primary_key=True, default=uuid.uuid4, editable=False)
    site = models.ForeignKey("accounts.Site", on_delete=models.PROTECT, related_name="fields")
    uploaded_by = models.ForeignKey(
        settings.AUTH_USER_MODEL,
        on_delete=models.PROTECT,
        related_name="fields",
        verbose_name=_("uploaded by"),
    )
    sample = models.ForeignKey(
        Sample, on_delete=models.PROTECT, null=True, related_name="fields", verbose_name=_("sample")
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
            models.Index(fields=["uploaded_by", "site"], name="field_person_site"),
            models.Index(fields=["original_sha256"], name="field_original"),
            models.Index(fields=["sample", "created_at", "id"], name="field_of_sample"),
        ]

    def __str__(self) -> str:
        return str(self.id)


class AnalysisJob(models.Model):
    """The work that one field causes. A worker holds it by a lease and proves that by the fence.

    ``uploaded_at`` is that of the field and stays through every retry, so that the database itself can keep
    how long the result took: ``result_seconds``, None without one.
    """

    field = models.OneToOneField(SmearField, on_delete=models.PROTECT, related_name="job")
    state = models.CharField(_("state"), max_length=16, choices=JobState.choices, default=JobState.QUEUED)
    attempts = models.PositiveSmallIntegerField(_("attempts"), default=0)
    lease_until = models.DateTimeField(null=True, blank=True)
    fence = models.PositiveBigIntegerField(default=0)
    failure_code = models.CharField(max_length=32, choices=Failure.choices, blank=True)
    failure_text = models.TextField(_("what went wrong"), blank=True)
    uploaded_at = models.DateTimeField(_("uploaded"), db_default=Now())
    created_at = models.DateTimeField(_("queued"), db_default=Now())
    started_at = models.DateTimeField(_("started"), null=True, blank=True)
    finished_at = models.DateTimeField(_("finished"), null=True, blank=True)
    result_seconds = GeneratedField(
        expression=Case(
            When(state=JobState.DONE, then=Extract(F("finished_at") - F("uploaded_at"), "epoch"))
        ),
        output_field=FloatField(),
        db_persist=True,
    )

    class Meta:
        """The constraints refuse a job that waits for nobody or failed for no reason.

        The dashboard reads ``job_result`` alone, without looking at the rows.
        """

        indexes: ClassVar[list[models.Index]] = [
            models.Index(
                fields=["state", "created_at"],
                condition=Q(state__in=[JobState.QUEUED, JobState.RUNNING]),
                name="job_open",
            ),
            models.Index(fields=["-finished_at"], condition=Q(state=JobState.FAILED), name="job_failed"),
            models.Index(fields=["uploaded_at"], include=["result_seconds"], name="job_result"),
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
