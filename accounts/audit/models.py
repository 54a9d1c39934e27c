"""The log and the head of its chain. The log only grows: the database refuses to change or empty it."""

from __future__ import annotations

from typing import ClassVar

from django.conf import settings
from django.core.serializers.json import DjangoJSONEncoder
from django.db import models
from django.db.models.functions import Now
from django.utils.translation import gettext_lazy as _

from accounts.audit.telling import told


class Outcome(models.TextChoices):
    """How the act ended."""

    OK = "ok", _("done")
    REFUSED = "refused", _("refused")
    FAILED = "failed", _("failed")


class AuditEvent(models.Model):
    """Who did what to which object, when, from where and with what outcome.

    Address and role of the actor are copied, because they may change later while what happened does not.
    A migration adds the triggers that refuse UPDATE, DELETE and TRUNCATE, and the one that gives each row its
    number without a gap, the time, and ``hash`` in hexadecimal: the SHA-256 of the hash before it and of the
    row's own columns (:mod:`accounts.audit.chain`).
    """

    append_only: ClassVar[bool] = True

    id = models.BigAutoField(primary_key=True)
    at = models.DateTimeField(_("time"), db_default=Now(), editable=False)
    event = models.CharField(_("event"), max_length=64)
    actor = models.ForeignKey(
        settings.AUTH_USER_MODEL,
        on_delete=models.PROTECT,
        null=True,
        related_name="+",
        verbose_name=_("person"),
    )
    actor_email = models.CharField(_("e-mail of the person"), max_length=254, blank=True)
    actor_role = models.CharField(_("role of the person"), max_length=16, blank=True)
    subject_type = models.CharField(_("kind of object"), max_length=64, blank=True)
    subject_id = models.CharField(_("object"), max_length=64, blank=True)
    site = models.ForeignKey(
        "accounts.Site", on_delete=models.PROTECT, null=True, related_name="+", verbose_name=_("site")
    )
    address = models.CharField(_("network address"), max_length=64, blank=True)
    agent = models.CharField(_("program"), max_length=200, blank=True)
    outcome = models.CharField(_("outcome"), max_length=16, choices=Outcome.choices, default=Outcome.OK)
    detail = models.JSONField(_("detail"), default=dict, encoder=DjangoJSONEncoder)
    hash = models.CharField(max_length=64, unique=True, editable=False)

    class Meta:
        """Indexes follow the filters of the log's page; pages go by key."""

        ordering: ClassVar[list[str]] = ["-id"]
        indexes: ClassVar[list[models.Index]] = [
            models.Index(fields=["at"], name="audit_at"),
            models.Index(fields=["event", "id"], name="audit_event"),
            models.Index(fields=["actor", "id"], name="audit_actor"),
            models.Index(fields=["subject_type", "subject_id", "id"], name="audit_subject"),
        ]
        constraints: ClassVar[list[models.BaseConstraint]] = [
            models.CheckConstraint(
                condition=models.Q(event__regex=r"^[a-z][a-z_]*([.][a-z_]+)*$"), name="audit_event_named"
            ),
            models.CheckConstraint(
                condition=models.Q(outcome__in=Outcome.values), name="audit_outcome_known"
            ),
        ]

    def __str__(self) -> str:
        return f"{self.id} {self.event}"

    @property
    def told(self) -> list[tuple[str, str]]:
        """The names and values of the detail, as people read them."""
        return told(self.detail)


class ChainHead(models.Model):
    """The one row that says where the log ends. Only the log's trigger writes it; its lock orders events."""

    read_only: ClassVar[bool] = True

    id = models.PositiveSmallIntegerField(primary_key=True)
    last = models.BigIntegerField(_("number of the last event"))
    hash = models.CharField(max_length=64)

    def __str__(self) -> str:
        return f"{self.last} {self.hash}"
