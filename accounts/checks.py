"""What must be right in the settings before anybody signs in."""

from __future__ import annotations

from typing import Any

from django.conf import settings
from django.core.checks import CheckMessage, Error, register

from accounts.permissions import Role
from accounts.provider_tokens import KeysUnusableError, public_keys


@register
def roles_exist(**_: Any) -> list[CheckMessage]:
    """Refuse a role that nobody has: a slip of the pen would let everybody work without a second factor."""
    unknown = set(settings.MFA_REQUIRED_ROLES) - set(Role.values)
    if not unknown:
        return []
    text = f"MFA_REQUIRED_ROLES names {', '.join(sorted(unknown))}; the roles are {', '.join(Role.values)}."
    return [Error(text, id="accounts.E001")]


@register
def provider_keys_readable(**_: Any) -> list[CheckMessage]:
    """Refuse keys that could let in nobody, or anybody who knows them."""
    if not settings.API_TOKEN_ISSUER:
        return []
    try:
        public_keys(settings.API_TOKEN_JWKS)
    except KeysUnusableError as problem:
        return [Error(f"API_TOKEN_JWKS cannot be used. {problem}", id="accounts.E002")]
    return []
