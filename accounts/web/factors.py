"""How django-allauth's second factors behave here."""

from __future__ import annotations

import qrcode
from allauth.mfa.adapter import DefaultMFAAdapter
from allauth.mfa.models import Authenticator
from django.utils.translation import gettext as _
from qrcode.image.svg import SvgPathImage

from accounts.models import User
from accounts.seal import seal


class FactorAdapter(DefaultMFAAdapter):
    """Secrets are sealed in the database, and everything is called by this portal's name."""

    def get_totp_issuer(self) -> str:
        """Name the portal in the authenticator app."""
        return "HematoVision"

    def build_totp_svg(self, url: str) -> str:
        """Draw the QR code as an element of the page: no picture from a data URI has to be allowed for it."""
        return str(qrcode.make(url, image_factory=SvgPathImage, border=2).to_string(encoding="unicode"))

    def encrypt(self, text: str) -> str:
        """Seal a secret with the present key."""
        return seal().encrypt(text.encode()).decode()

    def decrypt(self, encrypted_text: str) -> str:
        """Open a secret; earlier keys still open what was sealed with them.

        Raises:
            cryptography.fernet.InvalidToken: the key that sealed it is in the settings no more.
        """
        return seal().decrypt(encrypted_text.encode()).decode()

    def get_public_key_credential_rp_entity(self) -> dict[str, str]:
        """Name the portal where the browser asks for a passkey; the key belongs to the host."""
        return super().get_public_key_credential_rp_entity() | {"name": "HematoVision"}

    def generate_authenticator_name(self, user: User, type: Authenticator.Type) -> str:  # noqa: A002 -- allauth's
        """Suggest a name for the next passkey."""
        number = Authenticator.objects.filter(user=user, type=type).count() + 1
        return _("Passkey %(number)d") % {"number": number}
