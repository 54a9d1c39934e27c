"""Forgetting what nobody needs any more of sign-ins. Nothing clinical is ever among it."""

from __future__ import annotations

from datetime import timedelta
from typing import Final

from allauth.usersessions.models import UserSession
from django.conf import settings
from django.contrib.sessions.models import Session
from django.db import transaction
from django.db.models import QuerySet
from django.db.models.functions import Coalesce, Now

from accounts.audit.record import JSON, record
from accounts.models import OneTimeLink

# A session is listed a moment before it is stored; one that is this old and not stored has ended.
SETTLED: Final = timedelta(days=1)


def retention_sweep() -> dict[str, JSON]:
    """Delete ended sessions and spent links as old as the settings say, 0 days meaning never.

    Returns:
        How many of each went; the log has the same if there were any.
    """
    with transaction.atomic():
        gone: dict[str, JSON] = {name: found.delete()[0] for name, found in _old().items()}
        if any(gone.values()):
            record("retention.swept", actor=None, detail=gone)
    return gone


def _old() -> dict[str, QuerySet]:
    old: dict[str, QuerySet] = {}
    if days := settings.RETENTION_SESSIONS_DAYS:
        ended = Session.objects.filter(expire_date__lt=Now() - timedelta(days=days))
        known = Session.objects.values("session_key")
        listed = UserSession.objects.filter(last_seen_at__lt=Now() - SETTLED)
        old |= {"sessions": ended, "listed_sessions": listed.exclude(session_key__in=known)}
    if days := settings.RETENTION_LINKS_DAYS:
        spent = OneTimeLink.objects.annotate(over=Coalesce("used_at", "expires_at"))
        old["links"] = spent.filter(over__lt=Now() - timedelta(days=days))
    return old
