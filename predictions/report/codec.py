"""Typed records as JSON and back, without loss and without guessing."""

from __future__ import annotations

import dataclasses
from datetime import datetime
from types import NoneType, UnionType
from typing import Any, Literal, get_args, get_origin, get_type_hints


def encode(kind: Any, value: Any) -> Any:
    """Return ``value`` of type ``kind`` as what JSON knows.

    Types are records, tuples of one type, a type or None, literals, times, text, numbers and truth values.
    A whole number in a place for a float becomes one, so that equal records give equal text.
    """
    if dataclasses.is_dataclass(kind):
        hints = get_type_hints(kind)
        return {name: encode(hint, getattr(value, name)) for name, hint in hints.items()}
    if get_origin(kind) is tuple:
        return [encode(get_args(kind)[0], item) for item in value]
    if get_origin(kind) is UnionType:
        return None if value is None else encode(_present(kind), value)
    if kind is datetime:
        return value.isoformat()
    return float(value) if kind is float else value


def decode(kind: Any, data: Any) -> Any:
    """Return the value of type ``kind`` that ``encode`` made ``data`` of.

    Raises:
        ValueError: a part is missing, unknown or of another type.
    """
    if isinstance(kind, type) and dataclasses.is_dataclass(kind):
        return _record(kind, data)
    if get_origin(kind) is tuple:
        return tuple(decode(get_args(kind)[0], item) for item in _of(list, data))
    if get_origin(kind) is UnionType:
        return None if data is None else decode(_present(kind), data)
    if get_origin(kind) is Literal:
        if data not in get_args(kind):
            raise ValueError(f"{data!r} is none of {get_args(kind)}.")
        return data
    if kind is datetime:
        return datetime.fromisoformat(_of(str, data))
    return _of(kind, data)


def _record(kind: type, data: Any) -> Any:
    hints = get_type_hints(kind)
    if set(_of(dict, data)) != set(hints):
        raise ValueError(f"{kind.__name__} has other parts than {sorted(data)}.")
    return kind(**{name: decode(hint, data[name]) for name, hint in hints.items()})


def _of(kind: type, data: Any) -> Any:
    # isinstance would take True for the number 1.
    if type(data) is not kind:
        raise ValueError(f"{data!r} is no {kind.__name__}.")
    return data


def _present(kind: Any) -> Any:
    """Return the other one of a type and None."""
    return next(choice for choice in get_args(kind) if choice is not NoneType)
