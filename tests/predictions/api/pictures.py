"""What schemathesis sends where chance would be refused: real pictures, and a fresh key in each request."""

import re
import uuid

import schemathesis
from hypothesis import strategies as st

from tests.predictions import hostile, tiffs

schemathesis.openapi.media_type("image/jpeg", st.just(hostile.jpeg()))
schemathesis.openapi.media_type("image/png", st.just(hostile.png()))
schemathesis.openapi.media_type("image/tiff", st.just(tiffs.tiff()))


@schemathesis.hook
def before_call(context, case, kwargs):
    """Give each request whose idempotency key is a good one a fresh one: the same for two is refused."""
    if re.fullmatch("[!-~]{1,200}", (case.headers or {}).get("Idempotency-Key", "")):
        case.headers["Idempotency-Key"] = uuid.uuid4().hex
