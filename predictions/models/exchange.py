"""Where other programs are told of what happens here, and each thing that they are to be told."""

from __future__ import annotations

import uuid
from typing import ClassVar

from django.conf import settings
from django.db import models
from django.db.models import Q
from django.db.models.functions import Now
from django.utils.translation import gettext_lazy as _

from predictions.models.reports import Report
from predictions.models.samples import Sample


class Event(models.TextChoices):
    """What other programs can be told of."""

    SIGNED = "report.signed", _("report signed")
    AMENDED = "report.amended", _("report amended")
    ANALYSED = "sample.analysed", _("sample analysed")
    PROMOTED = "model.promoted", _("model made active")
    TEST = "test", _("test")


class Destination(models.Model):
    """A program that is told of ``events``, of the samples of one site or, without one, of all.

    ``secret`` is sealed (``predictions.services.destinations``). ``failures`` counts the tries that failed in
    a row. One courier at a time works for a destination, so that its deliveries keep their order: it holds
    the lease and proves that by the fence.
    """

    class Kind(models.TextChoices):
        """The language that it understands."""

        FHIR = "fhir", _("FHIR server")
        HL7 = "hl7", _("HL7 v2 over MLLP")
        WEBHOOK = "webhook", _("webhook")

    id = models.UUIDField(primary_key=True, default=uuid.uuid4, editable=False)
    kind = models.CharField(_("kind"), max_length=16, choices=Kind.choices)
    name = models.CharField(_("name"), max_length=80, unique=True)
    site = models.ForeignKey(
        "accounts.Site",
        on_delete=models.PROTECT,
        null=True,
        blank=True,
        related_name="+",
        verbose_name=_("site"),
    )
    address = models.CharField(_("address"), max_length=500)
    secret = models.TextField(blank=True)
    events = models.JSONField(_("events"), default=list)
    active = models.BooleanField(_("enabled"), default=True)
    failures = models.PositiveIntegerField(_("failures in a row"), default=0)
    disabled_at = models.DateTimeField(null=True, blank=True)
    disabled_reason = models.CharField(max_length=200, blank=True)
    leased_until = models.DateTimeField(null=True, blank=True)
    fence = models.PositiveBigIntegerField(default=0)
    created_by = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.PROTECT, related_name="+")
    created_at = models.DateTimeField(_("added"), db_default=Now())

    class Meta:
        """By name; one that is disabled says since when and why."""

        ordering: ClassVar[list[str]] = ["name"]
        constraints: ClassVar[list[models.BaseConstraint]] = [
            models.CheckConstraint(
                condition=Q(active=True, disabled_at=None, disabled_reason="")
                | (Q(active=False, disabled_at__isnull=False) & ~Q(disabled_reason="")),
                name="destination_disabled_with_reason",
            ),
        ]

    def __str__(self) -> str:
        return self.name


class Delivery(models.Model):
    """One event for one destination. What is sent is made at sending, from rows that do not change.

    ``key`` is the same over all tries, so that the receiver can tell a second copy. ``subject`` names the
    single occurrence. Deliveries were posted in the order of their numbers. ``give_up_at`` is when trying
    ends, ``last_answer`` what the receiver, or the way to it, said last.
    """

    class State(models.TextChoices):
        """What became of it."""

        WAITING = "waiting", _("waiting")
        DELIVERED = "delivered", _("delivered")
        DEAD = "dead", _("given up")

    id = models.BigAutoField(primary_key=True)
    key = models.UUIDField(default=uuid.uuid4, unique=True, editable=False)
    destination = models.ForeignKey(Destination, on_delete=models.PROTECT, related_name="deliveries")
    event = models.CharField(_("event"), max_length=24, choices=Event.choices)
    sample = models.ForeignKey(Sample, on_delete=models.PROTECT, null=True, related_name="deliveries")
    report = models.ForeignKey(Report, on_delete=models.PROTECT, null=True, related_name="deliveries")
    subject = models.CharField(max_length=80)
    state = models.CharField(_("state"), max_length=16, choices=State.choices, default=State.WAITING)
    attempts = models.PositiveIntegerField(_("tries"), default=0)
    next_at = models.DateTimeField(_("next try"), db_default=Now())
    give_up_at = models.DateTimeField()
    last_answer = models.CharField(_("last answer"), max_length=500, blank=True)
    created_at = models.DateTimeField(_("posted"), db_default=Now())
    delivered_at = models.DateTimeField(_("delivered"), null=True)

    class Meta:
        """Each occurrence goes to a destination once; what waits is found fast, in its order."""

        ordering: ClassVar[list[str]] = ["-id"]
        indexes: ClassVar[list[models.Index]] = [
            models.Index(
                fields=["destination", "sample", "id"], condition=Q(state="waiting"), name="delivery_waiting"
            ),
            models.Index(fields=["destination", "-delivered_at"], name="delivery_last"),
        ]
        constraints: ClassVar[list[models.BaseConstraint]] = [
            models.UniqueConstraint(fields=["destination", "event", "subject"], name="delivery_once"),
            models.CheckConstraint(
                condition=Q(report=None) | Q(sample__isnull=False), name="delivery_report_with_sample"
            ),
            models.CheckConstraint(
                condition=Q(state="delivered", delivered_at__isnull=False)
                | (~Q(state="delivered") & Q(delivered_at=None)),
                name="delivery_delivered_at_end",
            ),
        ]

    def __str__(self) -> str:
        return str(self.key)
