"""Tokens of people: a refresh token counts once, and one that comes twice ends everything it led to."""

from __future__ import annotations

from allauth.core import context
from allauth.headless.tokens.strategies.jwt import JWTTokenStrategy, internal
from allauth.usersessions.models import UserSession
from django.contrib.sessions.models import Session
from django.db import transaction

from accounts.audit.models import Outcome
from accounts.audit.record import record
from accounts.models import User
from hematovision.core.origin import Origin


class FamilyTokenStrategy(JWTTokenStrategy):
    """Rotates refresh tokens; a replay means that somebody else has a copy, so the session ends."""

    @transaction.atomic
    def refresh_token(self, refresh_token: str) -> tuple[str, str] | None:
        """Return a new pair of tokens, or None for a token that counts no more.

        The session's row is locked, so that of two requests with one token only the first gets a pair.
        """
        payload = internal.decode_token(refresh_token, "refresh")
        key = internal.session_key_from_sid(payload["sid"]) if payload else None
        if key is None:
            return None
        Session.objects.select_for_update(no_key=True).filter(pk=key).first()
        pair: tuple[str, str] | None = super().refresh_token(refresh_token)
        if pair is None:
            self._end_family(key)
        return pair

    def _end_family(self, key: str) -> None:
        session = UserSession.objects.select_related("user").filter(session_key=key).first()
        if session is not None:
            person = session.user
            assert isinstance(person, User)
            session.end()
            origin = Origin.of(context.request)
            record("token.replayed", actor=None, subject=person, origin=origin, outcome=Outcome.REFUSED)
