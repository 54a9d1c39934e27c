"""Who has uploaded, and who has registered."""

from __future__ import annotations

from typing import TYPE_CHECKING

from django.db.models import Exists, OuterRef, QuerySet

from accounts.models import User
from predictions.selectors.access import visible_fields
from predictions.selectors.samples import visible_samples

if TYPE_CHECKING:
    from django.contrib.auth.models import AnonymousUser


def uploaders(user: User | AnonymousUser) -> QuerySet[User]:
    """Return the people of whom ``user`` may see at least one field, by name."""
    theirs = visible_fields(user).filter(uploaded_by=OuterRef("pk")).order_by()
    return User.objects.filter(Exists(theirs)).order_by("name")


def registrars(user: User | AnonymousUser) -> QuerySet[User]:
    """Return the people who have registered at least one sample that ``user`` may see, by name."""
    theirs = visible_samples(user).filter(created_by=OuterRef("pk")).order_by()
    return User.objects.filter(Exists(theirs)).order_by("name")
