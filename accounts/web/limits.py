"""How long a browser stays signed in: not beyond a shift, and not while nobody is there."""

from __future__ import annotations

import time
from collections.abc import Callable
from datetime import timedelta

from allauth.account.adapter import get_adapter
from allauth.usersessions.models import UserSession
from django.conf import settings
from django.contrib import messages
from django.contrib.auth import SESSION_KEY
from django.contrib.sessions.backends.base import SessionBase
from django.db.models.functions import Now
from django.http import HttpRequest, HttpResponseBase
from django.utils import timezone
from django.utils.translation import gettext as _

BEGUN, SEEN = "limits_begun", "limits_seen"
# Every request counts as presence, but not every one is worth a write to the session.
GRAIN_SECONDS = 60
# This long before the end a page warns, so that nobody loses what they are typing.
WARNING_SECONDS = 300
# An open page that asks by itself sends this header: it does not say that anybody is there.
UNATTENDED = "X-Unattended"

Answer = Callable[[HttpRequest], HttpResponseBase]


def session_limits(get_response: Answer) -> Answer:
    """End a session that has lasted or rested too long, before the view runs.

    The limits are ``SESSION_COOKIE_AGE`` since sign-in and ``SESSION_IDLE_SECONDS`` since the last request.
    """

    def middleware(request: HttpRequest) -> HttpResponseBase:
        present = UNATTENDED not in request.headers
        if SESSION_KEY in request.session and _is_over(request.session, present=present):
            get_adapter().logout(request)
            messages.warning(request, _("You were signed out because the session was old or idle."))
        return get_response(request)

    return middleware


def begin(session: SessionBase) -> None:
    """Let a session that has just signed in run its time, of a browser or of the API, used or not.

    Otherwise each renewal of a program's token would begin the time anew, for ever.
    """
    session[BEGUN] = int(time.time())
    session.set_expiry(timezone.now() + timedelta(seconds=settings.SESSION_COOKIE_AGE))


def seconds_left(session: SessionBase) -> tuple[int, bool]:
    """Return for how many seconds the session lives on without use, and whether using it would help.

    It would not once the limit since sign-in comes first.
    """
    now = int(time.time())
    idle = settings.SESSION_IDLE_SECONDS - (now - session.get(SEEN, now))
    most = settings.SESSION_COOKIE_AGE - (now - session.get(BEGUN, now))
    return max(0, min(idle, most)), most > idle


def warning_seconds() -> int:
    """Return how long before the end a page warns; with a short limit no more than half of it."""
    return min(WARNING_SECONDS, settings.SESSION_IDLE_SECONDS // 2)


def touch(session: SessionBase) -> None:
    """Count this moment as presence."""
    session[SEEN] = int(time.time())
    UserSession.objects.filter(session_key=session.session_key).update(last_seen_at=Now())


def _is_over(session: SessionBase, *, present: bool) -> bool:
    now = int(time.time())
    begun, seen = session.setdefault(BEGUN, now), session.setdefault(SEEN, now)
    if now - begun > settings.SESSION_COOKIE_AGE or now - seen > settings.SESSION_IDLE_SECONDS:
        return True
    if present and now - seen > min(GRAIN_SECONDS, settings.SESSION_IDLE_SECONDS // 10):
        touch(session)
    return False
