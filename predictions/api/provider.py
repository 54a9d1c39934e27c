"""Bearer tokens of the laboratory's identity provider at the door of the API."""

from __future__ import annotations

from typing import TYPE_CHECKING

from django.utils.translation import gettext as _
from rest_framework.authentication import BaseAuthentication
from rest_framework.exceptions import AuthenticationFailed

from accounts.provider_tokens import concerns_provider, person_of

if TYPE_CHECKING:
    # The framework's views import this module.
    from rest_framework.request import Request

    from accounts.models import User


class ProviderAuthentication(BaseAuthentication):
    """``Authorization: Bearer`` with a token that the settings' provider has signed; off without one."""

    def authenticate(self, request: Request) -> tuple[User, None] | None:
        """Return the person, or None for what is no token of the provider.

        Raises:
            AuthenticationFailed: it is one, but does not count; why is not told to whoever made it.
        """
        scheme, _space, text = request.META.get("HTTP_AUTHORIZATION", "").partition(" ")
        if scheme.lower() != "bearer" or not concerns_provider(text):
            return None
        person = person_of(text)
        if person is None:
            raise AuthenticationFailed(_("The identity provider's token does not count here."))
        return person, None
