"""Proof of identity before a sensitive act: a fresh sign-in, or password, code or passkey a moment ago."""

from __future__ import annotations

import time
from collections.abc import Callable
from functools import wraps
from typing import Any, TypeVar, cast

from allauth.account.internal.flows.login import (
    AUTHENTICATION_METHODS_SESSION_KEY,
    get_authentication_records,
)
from allauth.account.internal.flows.reauthentication import raise_if_reauthentication_required
from django.conf import settings
from django.contrib.sessions.backends.base import SessionBase
from django.http import HttpRequest, HttpResponseBase

from accounts.models import User
from accounts.web.limits import BEGUN

View = TypeVar("View", bound=Callable[..., HttpResponseBase])


def just_begun(request: HttpRequest) -> bool:
    """Say whether the session is so young that its sign-in is proof enough."""
    begun = float(request.session.get(BEGUN, 0))
    return time.time() - begun < settings.ACCOUNT_REAUTHENTICATION_TIMEOUT


def session_proved(session: SessionBase) -> bool:
    """Say whether the session's person has signed in, or proved their identity anew, a moment ago."""
    records = session.get(AUTHENTICATION_METHODS_SESSION_KEY, [])
    newest = max((float(one["at"]) for one in records), default=0.0)
    return time.time() - newest < settings.ACCOUNT_REAUTHENTICATION_TIMEOUT


def proofs(request: HttpRequest, person: User) -> list[str]:
    """Return what ``person`` has proved their identity by in this session, such as password and totp."""
    records = get_authentication_records(request, person)
    return [str(one.get("type") or one["method"]) for one in records]


def prove_first(view: View) -> View:
    """Ask whoever changes something with ``view`` for a fresh proof of identity, then go on with it.

    Looking is free: only methods that change something ask. A form that was sent is kept and carried out
    after the proof.

    Raises:
        ReauthenticationRequired: allauth answers it with its page.
    """

    @wraps(view)
    def guarded(request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponseBase:
        if request.method not in {"GET", "HEAD"}:
            raise_if_reauthentication_required(request, app="allauth.account")
        return view(request, *args, **kwargs)

    return cast("View", guarded)
