"""Heads of the log's chain, signed to be kept elsewhere: a copy shows later that the end was not cut off.

A head is a JSON object: what it is, event number, hash, time, public key and an Ed25519 signature (RFC 8032)
over the other values. Whoever keeps heads on another machine can prove what the log held when each was made.
"""

from __future__ import annotations

import json
from base64 import b64decode, b64encode
from typing import Any, Final

from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from django.conf import settings
from django.utils import timezone
from django.utils.crypto import salted_hmac
from django.utils.translation import gettext as _

from accounts.audit.models import ChainHead
from accounts.errors import HeadUnreadable

SIGNED: Final = ("about", "last", "hash", "at", "key")
ABOUT: Final = "HematoVision audit log"


def signed_head() -> str:
    """Return where the log ends now, signed with this portal's key."""
    head = ChainHead.objects.get(pk=1)
    key = _keys()[0]
    told: dict[str, Any] = {
        "about": ABOUT,
        "last": head.last,
        "hash": head.hash,
        "at": timezone.now().isoformat(timespec="seconds"),
        "key": _public(key),
    }
    return json.dumps({**told, "signature": b64encode(key.sign(_message(told))).decode()}, indent=1)


def read_head(text: str) -> tuple[int, str]:
    """Return number and hash of the event that an exported head names.

    Raises:
        HeadUnreadable: it is no head, was altered, or another portal's key signed it.
    """
    try:
        told = json.loads(text)
        mine = [key for key in _keys() if _public(key) == told["key"]]
        if not mine:
            raise HeadUnreadable(_("This head was signed by another portal, or with a key it has forgotten."))
        mine[0].public_key().verify(b64decode(told["signature"]), _message(told))
        return int(told["last"]), str(told["hash"])
    except (ValueError, KeyError, TypeError, InvalidSignature):
        raise HeadUnreadable(_("This is no signed head of the log, or it was altered.")) from None


def _keys() -> list[Ed25519PrivateKey]:
    """Return the present signing key and the earlier ones, each made of a secret key of the portal."""
    secrets = (settings.SECRET_KEY, *settings.SECRET_KEY_FALLBACKS)
    seeds = [
        salted_hmac("accounts.audit.heads", "ed25519", secret=one, algorithm="sha256") for one in secrets
    ]
    return [Ed25519PrivateKey.from_private_bytes(seed.digest()) for seed in seeds]


def _public(key: Ed25519PrivateKey) -> str:
    return b64encode(key.public_key().public_bytes_raw()).decode()


def _message(told: dict[str, Any]) -> bytes:
    return json.dumps([told[name] for name in SIGNED]).encode()
