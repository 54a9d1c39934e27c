"""Ending the sessions of a person, those behind API tokens included."""

from __future__ import annotations

from allauth.usersessions.models import UserSession

from accounts.models import User


def end_sessions(person: User) -> None:
    """Sign ``person`` out everywhere."""
    for session in UserSession.objects.filter(user=person):
        session.end()
