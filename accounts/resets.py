"""Taking away somebody's second factors: two admins together, or one person at the server's terminal."""

from __future__ import annotations

from datetime import timedelta
from typing import Final

from allauth.mfa.models import Authenticator
from django.db import transaction
from django.db.models import QuerySet
from django.db.models.functions import Now
from django.utils import timezone
from django.utils.translation import gettext as _

from accounts.audit.record import record
from accounts.errors import Oneself, ResetRefused
from accounts.models import FactorReset, User
from accounts.permissions import Capability, require
from accounts.selectors import held
from accounts.sessions import end_sessions
from hematovision.core.origin import Origin

LIFETIME: Final = timedelta(hours=24)


def open_resets() -> QuerySet[FactorReset]:
    """Return the wishes that another admin can still agree to, oldest first."""
    found = FactorReset.objects.filter(closed_at=None, expires_at__gt=Now())
    return found.select_related("person", "asked_by").order_by("asked_at")


@transaction.atomic
def reset_ask(*, actor: User, person: User, origin: Origin) -> FactorReset:
    """Ask for the second factors of ``person`` to be taken away.

    Raises:
        PermissionDenied: ``actor`` may not manage people.
        Oneself: they are the actor's own.
        ResetRefused: there is nothing to take away, or somebody has asked already.
    """
    require(actor, Capability.MANAGE_PEOPLE)
    if actor.pk == person.pk:
        raise Oneself(_("These are your own. Remove them on the page of your account."))
    held(person)
    if not Authenticator.objects.filter(user=person).exists():
        raise ResetRefused(_("%(name)s has no second factor.") % {"name": person})
    if open_resets().filter(person=person).exists():
        raise ResetRefused(_("This was asked for already. Another admin has to agree."))
    FactorReset.objects.filter(person=person, closed_at=None).update(closed_at=Now())
    wish = FactorReset.objects.create(person=person, asked_by=actor, expires_at=timezone.now() + LIFETIME)
    record("factors.reset_asked", actor=actor, subject=person, origin=origin)
    return wish


@transaction.atomic
def reset_close(*, actor: User, person: User, approve: bool, origin: Origin) -> None:
    """Agree to the open wish about ``person``, which takes their factors away, or drop it.

    Raises:
        PermissionDenied: ``actor`` may not manage people.
        ResetRefused: nobody asked in the last day, or ``actor`` would agree to their own wish or to one
            about themselves.
    """
    require(actor, Capability.MANAGE_PEOPLE)
    wish = open_resets().filter(person=person).select_for_update(of=("self",), no_key=True).first()
    if wish is None:
        raise ResetRefused(_("Nobody has asked for this in the last 24 hours."))
    if approve and actor.pk in {wish.asked_by_id, person.pk}:
        raise ResetRefused(_("Another admin has to agree, neither who asked nor whose factors they are."))
    FactorReset.objects.filter(pk=wish.pk).update(closed_at=Now(), closed_by=actor, approved=approve)
    if approve:
        _take_away(person)
    event = "factors.reset" if approve else "factors.reset_dropped"
    record(event, actor=actor, subject=person, origin=origin, detail={"asked_by": str(wish.asked_by_id)})


@transaction.atomic
def factors_reset(*, person: User) -> None:
    """Take away the second factors of ``person`` from the server's terminal."""
    _take_away(person)
    record("factors.reset", actor=None, subject=person)


def _take_away(person: User) -> None:
    Authenticator.objects.filter(user=person).delete()
    end_sessions(person)
