"""The seal on secrets that are read again, made of the portal's keys, of which the present one seals."""

from __future__ import annotations

import base64
import hashlib
from typing import Any, Final

from allauth.mfa.models import Authenticator
from cryptography.fernet import Fernet, MultiFernet
from django.conf import settings
from django.db import transaction

from accounts.audit.record import record

# What django-allauth keeps sealed of an authenticator app and of recovery codes.
SEALED: Final = ("secret", "seed")


def seal(purpose: str = "second factors") -> MultiFernet:
    """Derive the seals of the present key and of the earlier ones, which only open.

    What was sealed for one ``purpose`` opens for no other.
    """
    keys: list[Any] = [settings.SECRET_KEY, *settings.SECRET_KEY_FALLBACKS]
    digests = (hashlib.sha256(f"{purpose}:{key}".encode()).digest() for key in keys)
    return MultiFernet([Fernet(base64.urlsafe_b64encode(digest)) for digest in digests])


@transaction.atomic
def factors_reseal() -> int:
    """Seal every second factor with the present key, so that earlier ones may be dropped; return how many.

    Raises:
        cryptography.fernet.InvalidToken: a key that sealed one is not in the settings; nothing was changed.
    """
    changed = 0
    # Whoever uses a recovery code at this moment changes the same row.
    for factor in Authenticator.objects.select_for_update(no_key=True):
        held = {name: factor.data[name] for name in SEALED if name in factor.data}
        if held:
            new = {name: seal().rotate(text.encode()).decode() for name, text in held.items()}
            factor.data = {**factor.data, **new}
            factor.save(update_fields=["data"])
            changed += 1
    record("factors.resealed", actor=None, detail={"count": changed})
    return changed
