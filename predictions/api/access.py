"""Who may use the API: people with a token or session, and programs with a token of their own."""

from __future__ import annotations

from typing import TYPE_CHECKING

from django.utils import timezone
from django.utils.translation import gettext as _
from rest_framework.authentication import BaseAuthentication
from rest_framework.exceptions import AuthenticationFailed, PermissionDenied
from rest_framework.permissions import IsAuthenticated

from accounts.errors import FactorNeeded, ScopeMissing
from accounts.factors import grace_end
from accounts.models import MachineToken, User
from accounts.tokens import challenge, token_text, token_used

if TYPE_CHECKING:
    # The framework's views import this module.
    from rest_framework.request import Request
    from rest_framework.views import APIView


class Settled(IsAuthenticated):
    """Signed in, and with the second factor that the role needs; a machine's token within its scopes."""

    def has_permission(self, request: Request, view: APIView) -> bool:
        """Say whether the request may go on.

        Raises:
            FactorNeeded: the time to set up the second factor is over.
            ScopeMissing: the token is good for other things.
            PermissionDenied: no machine's token is good for this.
        """
        if not super().has_permission(request, view):
            return False
        if isinstance(request.auth, MachineToken):
            _within(request.auth, getattr(view, "scope", None))
            return True
        due = grace_end(request.user) if isinstance(request.user, User) else None
        if due is not None and due <= timezone.now():
            raise FactorNeeded(_("Your role needs a second factor. Set it up on the page of your account."))
        return True


def _within(token: MachineToken, scope: str | None) -> None:
    if scope is None:
        raise PermissionDenied(_("No machine token may do this. A person has to sign in."))
    if scope not in token.scopes:
        text = _("The token lacks the scope “%(scope)s”. Ask an admin for one that has it.")
        raise ScopeMissing(text % {"scope": scope})


class MachineAuthentication(BaseAuthentication):
    """``Authorization: Bearer hvm_...``: a program acts as the person whom its token belongs to."""

    def authenticate(self, request: Request) -> tuple[User, MachineToken] | None:
        """Return the person and the token, or None for what is no machine's token.

        Raises:
            AuthenticationFailed: it never existed, has run out, was revoked or belongs to nobody active.
        """
        text = token_text(request.META.get("HTTP_AUTHORIZATION", ""))
        if text is None:
            return None
        token = token_used(text)
        if token is None:
            raise AuthenticationFailed(_("The token does not work (any more). Ask an admin for a new one."))
        return token.person, token

    def authenticate_header(self, request: Request) -> str:
        """Say how to sign in, for all ways, and whether a token was there that does not count (RFC 6750)."""
        return challenge(request.headers.get("Authorization", ""))
