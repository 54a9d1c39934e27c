"""Views of the worklist that people have saved; everybody sees their own."""

from __future__ import annotations

from typing import TYPE_CHECKING
from uuid import UUID

from django.db.models import QuerySet

from predictions.models import SavedView

if TYPE_CHECKING:
    from django.contrib.auth.models import AnonymousUser

    from accounts.models import User


def views_of(user: User | AnonymousUser) -> QuerySet[SavedView]:
    """Return the person's own views, by name."""
    return SavedView.objects.filter(person_id=user.pk)


def visible_view(user: User | AnonymousUser, view_id: UUID) -> SavedView:
    """Return a view of the person's own.

    Raises:
        SavedView.DoesNotExist: there is none, or it is somebody else's.
    """
    return views_of(user).get(pk=view_id)
