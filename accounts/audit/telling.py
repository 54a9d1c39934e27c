"""What an event tells, as people read it; the export has every value as it was recorded."""

from __future__ import annotations

import re
from typing import Any, Final

from django.utils.translation import gettext as _

HASH: Final = re.compile(r"[0-9a-f]{64}")
# So many figures tell the hashes of one laboratory apart.
SHOWN: Final = 12


def told(detail: dict[str, Any]) -> list[tuple[str, str]]:
    """Return the names and values of an event's detail; what is within another goes by both names."""
    found: list[tuple[str, str]] = []
    for name, value in detail.items():
        if isinstance(value, dict) and value:
            found += [(f"{name} {inner or _('unidentified')}", text) for inner, text in told(value)]
        else:
            found.append((name, _text(value)))
    return found


def _text(value: object) -> str:
    if value is None or value in ({}, [], ""):
        return "–"
    if isinstance(value, bool):
        return _("yes") if value else _("no")
    if isinstance(value, list):
        return ", ".join(map(_text, value))
    text = str(value)
    return f"{text[:SHOWN]}…" if HASH.fullmatch(text) else text
