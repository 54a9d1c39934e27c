"""What a browser says of a passkey, read whole before anything of it is believed.

django-allauth and python-fido2 break off on some answers that no browser gives; here they are wrong answers.
"""

from __future__ import annotations

from typing import Any, Final

from allauth.mfa.adapter import get_adapter
from allauth.mfa.models import Authenticator
from allauth.mfa.webauthn.forms import (
    AuthenticateWebAuthnForm,
    LoginWebAuthnForm,
    ReauthenticateWebAuthnForm,
)
from allauth.mfa.webauthn.internal.auth import get_state
from django import forms
from django.core.cache import cache
from django.core.exceptions import ValidationError

# What every answer holds, whatever it is to.
HELD: Final = frozenset({"id", "rawId", "response"})
# No request that has read a session works on it for longer.
ANSWER_SECONDS: Final = 600


class PasskeyAnswer(forms.JSONField):
    """The hidden field that the page's script fills in."""

    widget = forms.HiddenInput

    def to_python(self, value: Any) -> Any:
        """Return the answer.

        Raises:
            ValidationError: it is no JSON that can be read, or something is missing.
        """
        try:
            found = super().to_python(value)
        except (ValueError, RecursionError):
            found = None
        if not (isinstance(found, dict) and found.keys() >= HELD):
            raise ValidationError(self.error_messages["invalid"], code="invalid", params={"value": "…"})
        return found

    def bound_data(self, data: Any, initial: Any) -> Any:  # noqa: ARG002 -- Django's signature
        """Leave the field empty when the page comes back: an answer counts once."""
        return initial


class CountsOnce(AuthenticateWebAuthnForm):
    """Takes one answer to each challenge, also where two requests with it come at the same moment.

    The session forgets a challenge once it was answered, but each of them has read the session before.
    """

    credential = PasskeyAnswer()

    def clean_credential(self) -> Authenticator:
        """Return the passkey that answered.

        Raises:
            ValidationError: the answer is wrong, or another request was quicker with it.
        """
        challenge = (get_state() or {}).get("challenge", "")
        found: Authenticator = super().clean_credential()
        if not cache.add(f"passkey-answered:{challenge}", "yes", timeout=ANSWER_SECONDS):
            raise get_adapter().validation_error("incorrect_code")
        return found


class PasskeyLogin(CountsOnce, LoginWebAuthnForm):
    """Signing in with a passkey alone."""


class PasskeyProof(CountsOnce):
    """A passkey as second factor, or at a signature."""


class PasskeyReauthentication(CountsOnce, ReauthenticateWebAuthnForm):
    """Proving one's identity once more."""
