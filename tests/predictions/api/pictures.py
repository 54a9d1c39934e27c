"""What schemathesis sends where made-up values would only be refused: real pictures, keys of what exists."""

import json
import os
import re
import uuid
from datetime import datetime

import schemathesis
from hypothesis import strategies as st

from tests.predictions import hostile, tiffs

# By the name of a parameter or of a value in a body: the key of something that is there.
KEYS = json.loads(os.environ.get("HV_TEST_KEYS", "{}"))

# Few moments of all times lie in the years that are described.
YEARS = (datetime(1901, 1, 1), datetime(2998, 12, 31))  # noqa: DTZ001 -- hypothesis takes no others
schemathesis.openapi.format("date-time", st.datetimes(*YEARS).map(lambda at: f"{at.isoformat()}Z"))
schemathesis.openapi.media_type("image/jpeg", st.just(hostile.jpeg()))
schemathesis.openapi.media_type("image/png", st.just(hostile.png()))
schemathesis.openapi.media_type("image/tiff", st.just(tiffs.tiff()))


def known(values):
    """Put real keys in the place of well-formed ones; what is malformed on purpose stays so."""
    if not isinstance(values, dict):
        return values
    return {name: KEYS.get(name, value) if is_key(value) else value for name, value in values.items()}


def is_key(value):
    """Whether it is a UUID as text."""
    try:
        return isinstance(value, str) and bool(uuid.UUID(value))
    except ValueError:
        return False


@schemathesis.hook
def before_call(_context, case, _kwargs):
    """Ask for what is there, with conditions of its own: the same ones mean something, and are refused.

    A page is only known to whoever has got its key from the page before.
    """
    case.path_parameters = known(case.path_parameters)
    if isinstance(case.body, dict) and case.media_type == "application/json":
        case.body = known(case.body)
    if case.meta and case.meta.generation.mode.is_positive and case.query:
        case.query.pop("after", None)
    headers = case.headers or {}
    if re.fullmatch("[!-~]{1,200}", headers.get("Idempotency-Key") or ""):
        headers["Idempotency-Key"] = uuid.uuid4().hex
    if "If-Match" in headers:
        headers["If-Match"] = "*"


@schemathesis.hook
def filter_body(_context, body):
    """Leave out orders that list several of a thing: a right one is enough, which OpenAPI cannot say."""
    code = body.get("code") if isinstance(body, dict) else None
    lists = (
        [body.get("identifier"), body.get("specimen"), code.get("coding")] if isinstance(code, dict) else []
    )
    return not any(isinstance(one, list) and len(one) > 1 for one in lists)
