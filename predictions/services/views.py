"""Giving filters of the worklist a name, and forgetting it."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final
from uuid import UUID

from django.db import transaction
from django.utils.translation import gettext as _

from accounts.audit.record import record
from accounts.models import User
from accounts.permissions import Capability, require
from hematovision.core.origin import Origin
from predictions.errors import ViewRefused
from predictions.models import SavedView
from predictions.selectors import views_of, visible_view

MOST_VIEWS: Final = 20
NAME_LENGTH: Final = 40
# What may be kept of a worklist's address. A text that was searched for may name a patient and is never.
KEPT: Final = ("state", "kind", "flag", "person", "date_from", "date_to")


def view_save(*, actor: User, origin: Origin, name: str, filters: Mapping[str, str]) -> SavedView:
    """Keep filters under a name; a view of the same name is replaced.

    Raises:
        PermissionDenied: the actor's role may not see results.
        ViewRefused: there is no name, no filter, or there are too many views already.
    """
    require(actor, Capability.VIEW_RESULTS)
    given = " ".join(name.replace("\0", "").split())[:NAME_LENGTH]
    kept = {each: filters[each] for each in KEPT if filters.get(each)}
    if not given:
        raise ViewRefused(_("Give the view a name. Nothing was saved."))
    if not kept:
        raise ViewRefused(_("Choose a filter first: without one the view is the whole worklist."))
    with transaction.atomic():
        # One at a time for each person, so that the number holds.
        User.objects.select_for_update(no_key=True).get(pk=actor.pk)
        if views_of(actor).exclude(name=given).count() >= MOST_VIEWS:
            raise ViewRefused(_("You have %(most)d views. Delete one first.") % {"most": MOST_VIEWS})
        view, _new = SavedView.objects.update_or_create(person=actor, name=given, defaults={"filters": kept})
        record("view.saved", actor=actor, subject=view, origin=origin, detail={"filters": [*kept]})
    return view


def view_delete(*, actor: User, origin: Origin, view_id: UUID) -> None:
    """Forget a view.

    Raises:
        PermissionDenied: the actor's role may not see results.
        SavedView.DoesNotExist: the actor has no such view.
    """
    require(actor, Capability.VIEW_RESULTS)
    with transaction.atomic():
        view = visible_view(actor, view_id)
        record("view.deleted", actor=actor, subject=view, origin=origin)
        view.delete()
