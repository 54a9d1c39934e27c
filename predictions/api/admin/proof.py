"""Whether a person has proved their identity a moment ago, as the pages ask before sensitive acts."""

from __future__ import annotations

from allauth.headless.contrib.rest_framework.authentication import JWTTokenAuthentication
from allauth.headless.tokens.strategies.jwt.internal import get_token_session
from django.contrib.sessions.backends.base import SessionBase
from django.utils.translation import gettext as _
from rest_framework.authentication import SessionAuthentication
from rest_framework.request import Request

from accounts.errors import ProofNeeded
from accounts.web.proof import session_proved


def require_proof(request: Request) -> None:
    """Let pass only whoever has signed in, or proved their identity anew, as lately as the pages ask.

    Raises:
        ProofNeeded: it was longer ago, or the token belongs to no session, as a provider's or a machine's.
    """
    session = _session(request)
    if session is None or not session_proved(session):
        raise ProofNeeded(_("This needs a fresh proof of who you are. Sign in again and use the new token."))


def _session(request: Request) -> SessionBase | None:
    """Return the session that the request itself stands for; a cookie beside a token proves nothing."""
    way = request.successful_authenticator
    if isinstance(way, JWTTokenAuthentication):
        session: SessionBase | None = get_token_session(request.auth)
        return session
    return request.session if isinstance(way, SessionAuthentication) else None
