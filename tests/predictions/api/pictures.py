"""What schemathesis sends where made-up values would only be refused: real pictures, keys of what exists."""

import json
import os
from uuid import UUID

import schemathesis
from hypothesis import strategies as st

from tests.predictions import hostile

# By the name of a parameter or of a value in a body: the key of something that is there.
KEYS = json.loads(os.environ.get("HV_TEST_KEYS", "{}"))

schemathesis.openapi.media_type("image/jpeg", st.just(hostile.jpeg()))
schemathesis.openapi.media_type("image/png", st.just(hostile.png()))


def known(values):
    """Put real keys in the place of well-formed ones; what is malformed on purpose stays so."""
    if not isinstance(values, dict):
        return values
    return {name: KEYS.get(name, value) if is_key(value) else value for name, value in values.items()}


def is_key(value):
    """Whether it is a UUID as text."""
    try:
        return isinstance(value, str) and bool(UUID(value))
    except ValueError:
        return False


@schemathesis.hook
def before_call(_context, case, _kwargs):
    """Ask for what is there; a page is only known to whoever has got its key from the page before."""
    case.path_parameters = known(case.path_parameters)
    if isinstance(case.body, dict) and case.media_type == "application/json":
        case.body = known(case.body)
    if case.meta and case.meta.generation.mode.is_positive and case.query:
        case.query.pop("after", None)
