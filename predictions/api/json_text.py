"""Bodies of JSON that mean one thing and can be kept: no field twice, nothing but text, and not too large."""

from __future__ import annotations

import json
from http import HTTPStatus
from typing import Any, Final

from django.utils.translation import gettext as _
from rest_framework.exceptions import ParseError
from rest_framework.parsers import JSONParser

from predictions.errors import UploadRefused

# Larger than any sample or order, and small enough to be read into memory.
LARGEST_BODY: Final = 256 * 1024


class Json(JSONParser):
    """JSON as of RFC 8259, read in the one way on which all programs agree (RFC 7493)."""

    def parse(self, stream: Any, media_type: str | None = None, parser_context: Any = None) -> Any:  # noqa: ARG002 -- fixed by the framework
        """Return the body.

        Raises:
            UploadRefused: it is too large.
            ParseError: it is no JSON, is nested too deeply, names a field twice, or has what is no character.
        """
        content = stream.read(LARGEST_BODY + 1)
        if len(content) > LARGEST_BODY:
            text = _("The body is larger than %(limit)d KB. Nothing was stored.")
            status = HTTPStatus.REQUEST_ENTITY_TOO_LARGE
            raise UploadRefused("too_large", text % {"limit": LARGEST_BODY // 1024}, status)
        try:
            found = json.loads(content, parse_constant=_no_number, object_pairs_hook=_once_each)
            # Half of a surrogate pair is no character.
            json.dumps(found, ensure_ascii=False).encode()
        except (ValueError, RecursionError):
            text = _("The body is no JSON that can be read, or it names a field twice. Nothing was stored.")
            raise ParseError(text) from None
        return found


def _once_each(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    found = dict(pairs)
    if len(found) < len(pairs):
        raise ValueError
    return found


def _no_number(word: str) -> Any:
    raise ValueError(word)
