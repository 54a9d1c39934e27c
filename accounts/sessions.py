"""Ending the sessions of a person, those behind API tokens included."""

from __future__ import annotations

from allauth.usersessions.models import UserSession
from django.db import transaction
from django.db.models import QuerySet

from accounts.audit.record import record
from accounts.models import User
from hematovision.core.origin import Origin


def end_sessions(person: User) -> None:
    """Sign ``person`` out everywhere."""
    for session in UserSession.objects.filter(user=person):
        session.end()


@transaction.atomic
def sessions_end(*, person: User, chosen: QuerySet[UserSession], origin: Origin) -> int:
    """Let ``person`` sign out elsewhere; return how many of the ``chosen`` sessions were ended."""
    ended = list(chosen)
    for session in ended:
        session.end()
    if ended:
        record("session.ended", actor=person, subject=person, origin=origin, detail={"count": len(ended)})
    return len(ended)
