"""Samples, and everything that happened to them."""

from __future__ import annotations

import uuid
from datetime import UTC, datetime
from typing import ClassVar

from django.conf import settings
from django.contrib.postgres.fields import ArrayField
from django.contrib.postgres.indexes import GinIndex
from django.core.exceptions import ValidationError
from django.core.validators import MinValueValidator, RegexValidator
from django.db import models
from django.db.models import F, FloatField, GeneratedField, Q
from django.db.models.functions import Extract, Now
from django.utils import timezone
from django.utils.translation import gettext_lazy as _

from predictions.states import SampleState

# Letters, digits and what laboratories put between them: every barcode scanner types these alike.
ACCESSION = r"^[A-Z0-9](?:[A-Z0-9./-]{1,30}[A-Z0-9])$"
TARGETS = (100, 200, 400)
# No smear is older, and so far ahead no clock is wrong.
EARLIEST, LATEST = 1900, 2999


class Sex(models.TextChoices):
    """The patient's sex as far as reference ranges ask for it."""

    UNKNOWN = "", _("not given")
    FEMALE = "female", _("female")
    MALE = "male", _("male")


class AgeUnit(models.TextChoices):
    """What an age is counted in; a newborn's ranges change from day to day."""

    DAYS = "days", _("days")
    MONTHS = "months", _("months")
    YEARS = "years", _("years")


class Flag(models.TextChoices):
    """What somebody should know of a sample before they open it."""

    CRITICAL = "critical", _("critical value")
    DELTA = "delta", _("changed since the last sample")
    LOW_QUALITY = "low_quality", _("poor image")
    UNIDENTIFIED = "unidentified", _("unidentified cells")


class Sample(models.Model):
    """One patient's smear: who it is from as far as needed, how much is to be counted, where it stands.

    ``revision`` grows with every change to the sample or its cells, so that whoever looks at an older one
    can ask what has happened since. ``wbc`` is what the analyser counted, in 10^9 cells a litre. ``flags``
    are those of ``Flag`` that hold now, or held when the sample was signed
    (``predictions.services.recount``). ``first_signed_at`` is when the first version of the report was
    signed; ``signature_seconds``, kept by the database, is how long that was after the receipt.
    """

    id = models.UUIDField(primary_key=True, default=uuid.uuid4, editable=False)
    site = models.ForeignKey(
        "accounts.Site", on_delete=models.PROTECT, related_name="samples", verbose_name=_("site")
    )
    accession = models.CharField(
        _("accession number"),
        max_length=32,
        unique=True,
        validators=[
            RegexValidator(
                ACCESSION,
                _("Use 3 to 32 letters and digits; dots, slashes and hyphens may stand between them."),
            )
        ],
    )
    patient_reference = models.CharField(_("patient reference"), max_length=64, blank=True)
    sex = models.CharField(_("sex"), max_length=8, choices=Sex.choices, blank=True)
    age_value = models.PositiveSmallIntegerField(_("age at collection"), null=True, blank=True)
    age_unit = models.CharField(_("age in"), max_length=8, choices=AgeUnit.choices, default=AgeUnit.YEARS)
    instrument = models.CharField(_("instrument"), max_length=80, blank=True)
    stain = models.CharField(_("stain"), max_length=80, blank=True)
    wbc = models.DecimalField(
        _("WBC, 10⁹/L"),
        max_digits=7,
        decimal_places=2,
        null=True,
        blank=True,
        validators=[MinValueValidator(0)],
    )
    collected_at = models.DateTimeField(_("collected"), null=True, blank=True)
    received_at = models.DateTimeField(_("received"), default=timezone.now)
    requester = models.CharField(_("requested by"), max_length=80, blank=True)
    note = models.TextField(_("note"), max_length=2000, blank=True)
    target = models.PositiveSmallIntegerField(
        _("leukocytes to count"), choices=[(count, str(count)) for count in TARGETS], default=TARGETS[0]
    )
    training_opt_out = models.BooleanField(_("not to be used for training"), default=False)
    state = models.CharField(
        _("state"), max_length=16, choices=SampleState.choices, default=SampleState.RECEIVING
    )
    revision = models.PositiveBigIntegerField(default=0, editable=False)
    flags = ArrayField(
        models.CharField(max_length=16, choices=Flag.choices), default=list, blank=True, editable=False
    )
    created_by = models.ForeignKey(
        settings.AUTH_USER_MODEL,
        on_delete=models.PROTECT,
        related_name="samples",
        verbose_name=_("registered by"),
    )
    created_at = models.DateTimeField(_("registered"), db_default=Now(), editable=False)
    first_signed_at = models.DateTimeField(_("first signed"), null=True, editable=False)
    signature_seconds = GeneratedField(
        expression=Extract(F("first_signed_at") - F("received_at"), "epoch"),
        output_field=FloatField(),
        db_persist=True,
    )

    class Meta:
        """The indexes follow the worklist: oldest first, by state, within a site; the last the dashboard."""

        ordering: ClassVar[list[str]] = ["received_at", "id"]
        indexes: ClassVar[list[models.Index]] = [
            models.Index(fields=["received_at", "id"], name="sample_time"),
            models.Index(fields=["state", "received_at", "id"], name="sample_state_time"),
            models.Index(fields=["site", "state", "received_at", "id"], name="sample_site_state_time"),
            models.Index(fields=["site", "received_at", "id"], name="sample_site_time"),
            models.Index(fields=["created_by", "site", "received_at", "id"], name="sample_person_site_time"),
            models.Index(fields=["patient_reference", "received_at"], name="sample_patient"),
            GinIndex(fields=["flags"], name="sample_flags"),
            models.Index(
                fields=["first_signed_at"],
                include=["signature_seconds"],
                condition=Q(first_signed_at__isnull=False),
                name="sample_first_signed",
            ),
        ]
        constraints: ClassVar[list[models.BaseConstraint]] = [
            models.CheckConstraint(condition=Q(state__in=SampleState.values), name="sample_state_known"),
            models.CheckConstraint(condition=Q(accession__regex=ACCESSION), name="sample_accession_form"),
            models.CheckConstraint(condition=Q(target__in=TARGETS), name="sample_target_known"),
            models.CheckConstraint(condition=Q(wbc__isnull=True) | Q(wbc__gte=0), name="sample_wbc_positive"),
        ]

    def __str__(self) -> str:
        return str(self.id)

    def clean(self) -> None:
        """Keep both moments within what the database, Python and all zones can tell.

        A sample with another one could be stored, and no list that holds it could be read any more.

        Raises:
            ValidationError: a moment lies before 1900 or after 2999.
        """
        for name in ("collected_at", "received_at"):
            moment = getattr(self, name)
            if not isinstance(moment, datetime):
                continue
            if not EARLIEST <= moment.year <= LATEST:
                raise ValidationError({name: _("Give a year from 1900 to 2999.")})
            # The database takes no distance from UTC as large as Python does.
            setattr(self, name, moment.astimezone(UTC))


class EventKind(models.TextChoices):
    """What can happen to a sample."""

    CREATED = "created", _("registered")
    EDITED = "edited", _("details changed")
    UPLOADED = "uploaded", _("field uploaded")
    ANALYSED = "analysed", _("field analysed")
    FAILED = "failed", _("analysis of a field failed")
    COMPARED = "compared", _("fields compared")
    READ_AGAIN = "read_again", _("read again by a newer model")
    MOVED = "moved", _("state changed")
    REVIEWED = "reviewed", _("cells reviewed")
    UNDONE = "undone", _("review taken back")
    COMMENTED = "commented", _("commented")
    NOTED = "noted", _("took note of a critical value")
    SIGNED = "signed", _("signed the report")


class SampleEvent(models.Model):
    """One thing that happened to a sample, at the ``revision`` that it made; never changed afterwards.

    ``detail`` holds what a person reads in the sample's history: states, counts, codes, reasons.
    """

    append_only: ClassVar[bool] = True

    id = models.BigAutoField(primary_key=True)
    sample = models.ForeignKey(Sample, on_delete=models.PROTECT, related_name="events")
    revision = models.PositiveBigIntegerField()
    kind = models.CharField(max_length=16, choices=EventKind.choices)
    actor = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.PROTECT, null=True, related_name="+")
    at = models.DateTimeField(db_default=Now())
    detail = models.JSONField(default=dict)

    class Meta:
        """Each change of a sample has a number of its own."""

        ordering: ClassVar[list[str]] = ["-revision"]
        constraints: ClassVar[list[models.BaseConstraint]] = [
            models.UniqueConstraint(fields=["sample", "revision"], name="sample_event_numbered"),
        ]

    def __str__(self) -> str:
        return f"{self.sample_id} {self.revision} {self.kind}"
