"""How long a browser stays signed in: not beyond a shift, and not while nobody is there."""

from __future__ import annotations

import time
from collections.abc import Callable

from allauth.account.adapter import get_adapter
from django.conf import settings
from django.contrib import messages
from django.contrib.auth import SESSION_KEY
from django.contrib.sessions.backends.base import SessionBase
from django.http import HttpRequest, HttpResponseBase
from django.utils.translation import gettext as _

BEGUN, SEEN = "limits_begun", "limits_seen"
# Every request counts as presence, but not every one is worth a write to the session.
GRAIN_SECONDS = 60
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


def _is_over(session: SessionBase, *, present: bool) -> bool:
    now = int(time.time())
    begun, seen = session.setdefault(BEGUN, now), session.setdefault(SEEN, now)
    if now - begun > settings.SESSION_COOKIE_AGE or now - seen > settings.SESSION_IDLE_SECONDS:
        return True
    if present and now - seen > GRAIN_SECONDS:
        session[SEEN] = now
    return False
