"""What the identity provider answers: how long it is waited for, how much is read, and what is believed."""

from __future__ import annotations

import hmac
import json
import time
from collections.abc import Callable
from functools import partial
from typing import Any, Final

import jwt
import requests
import urllib3
from allauth.socialaccount.providers.oauth2.client import OAuth2Error
from django.conf import settings

from accounts.provider_tokens import (
    ALGORITHMS,
    KINDS,
    LEEWAY_SECONDS,
    REQUIRED,
    KeysUnusableError,
    public_keys,
)

# Bytes and seconds for one answer. A directory with hundreds of keys is a tenth of that.
LARGEST_ANSWER: Final = 1024 * 1024
ANSWER_SECONDS: Final = 10.0
STEP_SECONDS: Final = 5.0
# The addresses that its description has to name.
ENDPOINTS: Final = ("authorization_endpoint", "token_endpoint", "jwks_uri")
# What is stored of an identity. The rest of what a provider tells about people is no concern of the portal's.
KEPT: Final = ("iss", "sub", "email", "email_verified")
LONGEST_SUBJECT: Final = 191


class AnswerRefusedError(OAuth2Error):
    """The provider's answer is not what OpenID Connect asks for; the text says why and names nobody."""


def bounded(session: requests.Session) -> requests.Session:
    """Let ``session`` follow no redirect, read no endless answer and wait for none.

    A redirect would take the client's secret to wherever it leads.
    """
    session.request = partial(_ask, session.request)  # type: ignore[method-assign]
    return session


def checked_description(told: Any) -> dict[str, Any]:
    """Return the provider's description of itself (OpenID Connect Discovery 1.0) if it is the right one's.

    Raises:
        AnswerRefusedError: it names another issuer, misses an address, or leaves encryption where it began.
    """
    if not isinstance(told, dict) or str(told.get("issuer")).rstrip("/") != settings.OIDC_ISSUER.rstrip("/"):
        raise AnswerRefusedError("It describes another issuer than OIDC_ISSUER.")
    scheme = "https://" if settings.OIDC_ISSUER.startswith("https://") else "http"
    if not all(isinstance(told.get(name), str) and told[name].startswith(scheme) for name in ENDPOINTS):
        raise AnswerRefusedError("Its description misses an address, or one that is encrypted.")
    return told


def checked_claims(text: Any, *, keys: Any, issuer: str, client_id: str, nonce: str) -> dict[str, Any]:
    """Return what an ID token says of a person, checked as OpenID Connect Core 1.0, 3.1.3.7 asks.

    Args:
        text: the token, signed with RSA or on a curve; nothing unsigned counts, wherever it came from.
        keys: the provider's JSON Web Key Set as read.
        nonce: what this session's request was marked with.

    Raises:
        AnswerRefusedError: something of it is wrong.
    """
    try:
        claims: dict[str, Any] = jwt.decode(
            text,
            _key(text, keys),
            algorithms=ALGORITHMS,
            issuer=issuer,
            audience=client_id,
            leeway=LEEWAY_SECONDS,
            options={"require": [*REQUIRED, "nonce"]},
        )
    except (jwt.PyJWTError, KeysUnusableError, KeyError, TypeError, ValueError, AttributeError) as problem:
        raise AnswerRefusedError(f"Its ID token does not count ({type(problem).__name__}).") from problem
    several = isinstance(claims["aud"], list) and len(claims["aud"]) > 1
    if claims.get("azp", None if several else client_id) != client_id:
        raise AnswerRefusedError("Its ID token was made for another client.")
    if not hmac.compare_digest(str(claims["nonce"]).encode("utf-8", "replace"), nonce.encode()):
        raise AnswerRefusedError("Its ID token belongs to another sign-in.")
    return _identity(claims)


def _ask(request: Callable[..., requests.Response], *args: Any, **kwargs: Any) -> requests.Response:
    """Send one request and read its answer as far as it may go.

    Raises:
        AnswerRefusedError: it is too large or comes too slowly.
    """
    end = time.monotonic() + ANSWER_SECONDS
    limits = {"allow_redirects": False, "stream": True, "timeout": STEP_SECONDS}
    with request(*args, **(kwargs | limits)) as answer:
        # Where requests itself keeps what it has read.
        answer._content, answer._content_consumed = _read(answer.raw, end), True  # noqa: SLF001
    return answer


def _read(raw: urllib3.BaseHTTPResponse, end: float) -> bytes:
    body = b""
    try:
        while part := raw.read1(65536, decode_content=True):
            body += part
            if len(body) > LARGEST_ANSWER:
                raise AnswerRefusedError("Its answer is larger than a megabyte.")
            if time.monotonic() > end:
                raise AnswerRefusedError("Its answer took too long.")
    except urllib3.exceptions.HTTPError as problem:
        raise AnswerRefusedError("Its answer broke off.") from problem
    return body


def _key(text: str, keys: dict[str, Any]) -> jwt.PyJWK:
    """Return the key that the token names, or the only one; of other kinds than ``KINDS`` none counts."""
    usable = [one for one in keys["keys"] if one.get("kty") in KINDS]
    known = public_keys(json.dumps({"keys": usable}))
    name = jwt.get_unverified_header(text).get("kid")
    return next(iter(known.values())) if name is None and len(known) == 1 else known[name]


def _identity(claims: dict[str, Any]) -> dict[str, Any]:
    subject, address = claims["sub"], claims.get("email")
    if not subject.isprintable() or not 0 < len(subject) <= LONGEST_SUBJECT:
        raise AnswerRefusedError("Its ID token names nobody, or by a name that is too long.")
    if not isinstance(address, str) or not address.isprintable():
        raise AnswerRefusedError("Its ID token has no e-mail address.")
    return {name: claims[name] for name in KEPT if name in claims}
