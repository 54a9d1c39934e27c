"""Tokens that the laboratory's identity provider has signed for the API, where the settings name one.

A token counts for the person with the e-mail address that the provider has verified, if an admin has invited
them and they are active; it makes no accounts. Nothing is fetched: the provider's public keys stand in the
settings, since the portal may have no way to the outside.
"""

from __future__ import annotations

import json
from functools import lru_cache
from typing import Any, Final

import jwt
from django.conf import settings

from accounts.factors import second_factors
from accounts.models import User
from accounts.selectors import person_with_address

# Signatures that nobody can make with what the portal knows: keys are public, so no HMAC, and never "none".
ALGORITHMS: Final = ("RS256", "PS256", "ES256")
KINDS: Final = ("RSA", "EC")
REQUIRED: Final = ("iss", "aud", "exp", "iat", "sub")
# How far the clocks of the two machines may be apart.
LEEWAY_SECONDS: Final = 30


class KeysUnusableError(ValueError):
    """The key set in the settings is no JSON Web Key Set of public RSA or EC keys."""


def concerns_provider(text: str) -> bool:
    """Say whether ``text`` looks like a token of the configured provider; nothing of it is believed yet."""
    if not settings.API_TOKEN_ISSUER:
        return False
    try:
        told = jwt.decode(text, options={"verify_signature": False})
    except jwt.PyJWTError:
        return False
    return bool(told.get("iss") == settings.API_TOKEN_ISSUER)


def person_of(text: str) -> User | None:
    """Return the person whom a token of the provider speaks of, or None for one that does not count.

    Whoever has a second factor here, or has a role that needs one, must have shown one to the provider: the
    token says so by ``mfa`` in ``amr`` (RFC 8176).
    """
    claims = _verified(text)
    if claims is None or claims.get("email_verified") is not True:
        return None
    person = person_with_address(str(claims.get("email", "")))
    if person is None or (_needs_factor(person) and not _showed_factor(claims)):
        return None
    return person


@lru_cache(maxsize=2)
def public_keys(text: str) -> dict[str | None, jwt.PyJWK]:
    """Read a JSON Web Key Set and return its signing keys by ``kid``.

    Raises:
        KeysUnusableError: it is none, holds no key, or holds one that is not public RSA or EC.
    """
    try:
        told = [one for one in json.loads(text)["keys"] if one.get("use", "sig") == "sig"]
        if not told or any(one["kty"] not in KINDS or "d" in one for one in told):
            raise KeysUnusableError("It takes public keys of the kinds RSA and EC, and at least one.")
        return {one.get("kid"): jwt.PyJWK.from_dict(one) for one in told}
    except (KeyError, TypeError, AttributeError, json.JSONDecodeError, jwt.PyJWTError) as problem:
        raise KeysUnusableError(f"It is no JSON Web Key Set: {problem}.") from problem


def _verified(text: str) -> dict[str, Any] | None:
    """Return the claims of a token whose signature, issuer, audience and times are right."""
    try:
        keys = public_keys(settings.API_TOKEN_JWKS)
        key = keys[jwt.get_unverified_header(text).get("kid")]
        claims: dict[str, Any] = jwt.decode(
            text,
            key,
            algorithms=ALGORITHMS,
            issuer=settings.API_TOKEN_ISSUER,
            audience=settings.API_TOKEN_AUDIENCE,
            leeway=LEEWAY_SECONDS,
            options={"require": list(REQUIRED)},
        )
    except (jwt.PyJWTError, KeyError):
        return None
    return claims


def _needs_factor(person: User) -> bool:
    return person.role in settings.MFA_REQUIRED_ROLES or second_factors(person).exists()


def _showed_factor(claims: dict[str, Any]) -> bool:
    ways = claims.get("amr")
    return isinstance(ways, list) and "mfa" in ways
