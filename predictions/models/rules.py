"""The laboratory's own rules: reference ranges, critical limits, how it counts. Versions are only added."""

from __future__ import annotations

from typing import ClassVar

from django.conf import settings
from django.db import models
from django.db.models import Q
from django.db.models.functions import Now
from django.utils.translation import gettext_lazy as _


class Rules(models.Model):
    """One version of the rules; the newest is in force, and a report was made by the newest of its day.

    ``id`` is the version's number, counted from 1 without a gap, so that whoever edits version 3 can only add
    version 4. ``content`` is what ``RulesInForce.content`` gives (``predictions.selectors.rules``).
    """

    append_only: ClassVar[bool] = True

    id = models.PositiveIntegerField(_("version"), primary_key=True)
    content = models.JSONField()
    reason = models.TextField(_("reason"))
    created_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, on_delete=models.PROTECT, related_name="+", verbose_name=_("changed by")
    )
    created_at = models.DateTimeField(_("changed"), db_default=Now())

    class Meta:
        """Nobody changes what others are judged by without a word."""

        ordering: ClassVar[list[str]] = ["-id"]
        constraints: ClassVar[list[models.BaseConstraint]] = [
            models.CheckConstraint(condition=Q(id__gte=1), name="rules_from_one"),
            models.CheckConstraint(condition=~Q(reason=""), name="rules_with_reason"),
        ]

    def __str__(self) -> str:
        return str(self.id)
