"""Codes of an authenticator app (RFC 6238), reckoned here so that the portal is not asked what it expects."""

import base64
import hashlib
import hmac
import struct
import time


def totp(secret, at=None):
    """The six digits that an app with this key shows."""
    counter = int(time.time() if at is None else at) // 30
    digest = hmac.new(base64.b32decode(secret), struct.pack(">Q", counter), hashlib.sha1).digest()
    start = digest[-1] & 15
    number = struct.unpack(">I", digest[start : start + 4])[0] & 0x7FFFFFFF
    return f"{number % 1_000_000:06d}"
