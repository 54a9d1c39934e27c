"""What a browser says of a passkey, read whole before anything of it is believed.

django-allauth and python-fido2 break off on some answers that no browser gives; here they are wrong answers.
"""

from __future__ import annotations

from typing import Any, Final

from allauth.mfa.webauthn.forms import (
    AuthenticateWebAuthnForm,
    LoginWebAuthnForm,
    ReauthenticateWebAuthnForm,
)
from django import forms
from django.core.exceptions import ValidationError

# What every answer holds, whatever it is to.
HELD: Final = frozenset({"id", "rawId", "response"})


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


class PasskeyLogin(LoginWebAuthnForm):
    """Signing in with a passkey alone."""

    credential = PasskeyAnswer()


class PasskeyProof(AuthenticateWebAuthnForm):
    """A passkey as second factor, or at a signature."""

    credential = PasskeyAnswer()


class PasskeyReauthentication(ReauthenticateWebAuthnForm):
    """Proving one's identity once more."""

    credential = PasskeyAnswer()
