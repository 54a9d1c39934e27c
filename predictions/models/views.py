"""Filters of the worklist that a person has given a name."""

from __future__ import annotations

import uuid
from typing import ClassVar

from django.conf import settings
from django.db import models
from django.utils.translation import gettext_lazy as _


class SavedView(models.Model):
    """A person's own name for some filters; ``filters`` holds them as the worklist's address does.

    No text that was searched for is ever among them: it could name a patient.
    """

    id = models.UUIDField(primary_key=True, default=uuid.uuid4, editable=False)
    person = models.ForeignKey(settings.AUTH_USER_MODEL, on_delete=models.PROTECT, related_name="saved_views")
    name = models.CharField(_("name"), max_length=40)
    filters = models.JSONField(default=dict)

    class Meta:
        """A name means one thing to a person."""

        ordering: ClassVar[list[str]] = ["name"]
        constraints: ClassVar[list[models.BaseConstraint]] = [
            models.UniqueConstraint(fields=["person", "name"], name="view_named_once"),
        ]

    def __str__(self) -> str:
        return str(self.id)
