"""Reading JSON that anybody may have sent."""

from __future__ import annotations

import json
from typing import Any


def plain_json(content: bytes) -> Any:
    """Return what ``content`` says.

    Raises:
        ValueError: it is no JSON, is nested too deeply, or holds half of a surrogate pair, which is no letter
            and can neither be hashed nor kept.
    """
    try:
        found = json.loads(content)
        json.dumps(found, ensure_ascii=False).encode()
    except RecursionError as problem:
        raise ValueError("It is nested too deeply.") from problem
    return found
