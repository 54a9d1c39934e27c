"""Texts, times and numbers as HL7 version 2 writes them, so that nobody's words become structure."""

from __future__ import annotations

import unicodedata
from datetime import datetime
from typing import Final

from django.template.defaultfilters import floatformat

# The longest text (ST) and the longest name of a system (IS) of version 2.5.1, counted with their escapes.
LONGEST: Final = 199
LONGEST_NAME: Final = 20
ESCAPES: Final = {"\\": "\\E\\", "|": "\\F\\", "^": "\\S\\", "&": "\\T\\", "~": "\\R\\"}
_TABLE: Final = str.maketrans(ESCAPES)
# A control character would end a segment or a frame; instead of vanishing it shows as this.
REPLACED: Final = "\N{REPLACEMENT CHARACTER}"


def lines(words: str) -> list[str]:
    """Return a person's text as escaped lines; whatever breaks a line anywhere breaks it here."""
    return [_escaped(_harmless(line)) for line in words.strip().splitlines()]


def text(words: str, longest: int = LONGEST) -> str:
    """Return a person's text as one escaped value of one line, cut where it is longer than may be."""
    kept = _harmless(" ".join(words.strip().splitlines()))
    while len(_escaped(kept)) > longest:
        kept = kept[:-1]
    return _escaped(kept).rstrip()


def joined(*parts: str) -> str:
    """Return the components of one field; each is escaped already, trailing empty ones fall away."""
    return "^".join(parts).rstrip("^")


def time(moment: datetime | None) -> str:
    """Return a time with its offset from UTC (DTM), or nothing where it is not known."""
    return moment.strftime("%Y%m%d%H%M%S%z")[:19] if moment else ""


def number(value: float, places: int) -> str:
    """Return a number rounded as the printed report rounds it, with a point in every language."""
    return str(floatformat(value, f"{places}u"))


def _escaped(words: str) -> str:
    return words.translate(_TABLE)


def _harmless(words: str) -> str:
    """Replace control characters and halves of characters, which UTF-8 cannot carry; a tab is a space."""
    kept = words.replace("\t", " ")
    return "".join(REPLACED if unicodedata.category(char) in {"Cc", "Cs"} else char for char in kept)
