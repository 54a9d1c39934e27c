"""What schemathesis sends where the description asks for a picture: real ones, since others are refused."""

import re
from uuid import uuid4

import schemathesis
from hypothesis import strategies as st

from tests.predictions import hostile

schemathesis.openapi.media_type("image/jpeg", st.just(hostile.jpeg()))
schemathesis.openapi.media_type("image/png", st.just(hostile.png()))


@schemathesis.hook
def before_call(_context, case, _kwargs):
    """Give each request a key and a condition of its own: the same ones mean something, and are refused."""
    headers = case.headers or {}
    if re.fullmatch("[!-~]{1,200}", headers.get("Idempotency-Key") or ""):
        headers["Idempotency-Key"] = uuid4().hex
    if "If-Match" in headers:
        headers["If-Match"] = "*"
