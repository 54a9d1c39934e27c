"""Reads lists of records that were stored as JSON, and refuses what does not have their shape."""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping
from typing import Any, TypeVar

Record = TypeVar("Record")


def read_records(
    stored: object, make: Callable[..., Record], readers: Mapping[str, Callable[[Any], Any]]
) -> tuple[Record, ...]:
    """Return each entry of the list ``stored`` as ``make(**values)``; ``readers`` has one entry a key.

    Raises:
        ValueError: no list, an entry with other keys than those of ``readers``, or a value that its reader
            refuses; the message gives the entry's place, from 1.
    """
    if not isinstance(stored, list):
        raise ValueError("A list of records is expected.")  # noqa: TRY004 -- a fault of data, not of a type
    return tuple(_record(place, entry, make, readers) for place, entry in enumerate(stored, start=1))


def _record(
    place: int,
    entry: object,
    make: Callable[..., Record],
    readers: Mapping[str, Callable[[Any], Any]],
) -> Record:
    """Return one entry as a record."""
    if not isinstance(entry, dict) or entry.keys() != readers.keys():
        raise ValueError(f"Record {place} does not have the keys {', '.join(readers)}.")
    try:
        return make(**{key: read(entry[key]) for key, read in readers.items()})
    except ValueError as problem:
        raise ValueError(f"Record {place}: {problem}") from problem


def text(value: object) -> str:
    """Return ``value``, a text.

    Raises:
        ValueError: it is none.
    """
    if not isinstance(value, str):
        raise ValueError(f"{value!r} is not a text.")  # noqa: TRY004 -- a fault of data, not of a type
    return value


def number(value: object) -> float:
    """Return ``value``, a finite number.

    Raises:
        ValueError: it is none.
    """
    if isinstance(value, bool) or not isinstance(value, int | float) or not math.isfinite(value):
        raise ValueError(f"{value!r} is not a number.")
    return float(value)


def number_or_none(value: object) -> float | None:
    """Return ``value``, a finite number or None.

    Raises:
        ValueError: it is neither.
    """
    return None if value is None else number(value)


def texts(value: object) -> tuple[str, ...]:
    """Return the texts of the list ``value``.

    Raises:
        ValueError: it is no list of texts.
    """
    if not isinstance(value, list | tuple):
        raise ValueError(f"{value!r} is not a list.")  # noqa: TRY004 -- a fault of data, not of a type
    return tuple(text(entry) for entry in value)
