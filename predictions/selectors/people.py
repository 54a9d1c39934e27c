"""Who has uploaded."""

from __future__ import annotations

from typing import TYPE_CHECKING

from django.db.models import Exists, OuterRef, QuerySet

from accounts.models import User
from predictions.selectors.access import visible_fields

if TYPE_CHECKING:
    from django.contrib.auth.models import AnonymousUser


def uploaders(user: User | AnonymousUser) -> QuerySet[User]:
    """Return the people of whom ``user`` may see at least one field, by name."""
    theirs = visible_fields(user).filter(uploaded_by=OuterRef("pk")).order_by()
    return User.objects.filter(Exists(theirs)).order_by("name")
