"""Pages of lists, by key: a page begins after the last row of the one before, so late pages cost no more."""

from __future__ import annotations

import base64
import json
from collections.abc import Callable, Sequence
from datetime import UTC, datetime
from functools import reduce
from operator import attrgetter
from typing import Any, Final, TypeVar

from django.core.exceptions import ValidationError
from django.db.models import Field, Model, Q, QuerySet
from django.utils.translation import gettext as _
from rest_framework.request import Request

from predictions.errors import BadValue, NoSuchPage

DEFAULT_LIMIT: Final = 50
LARGEST_LIMIT: Final = 200
BY: Final = ("created_at", "id")
Row = TypeVar("Row", bound=Model)


def paged(
    request: Request,
    rows: QuerySet[Row],
    represent: Callable[[Sequence[Row]], Sequence[Any]],
    *,
    by: Sequence[str] = BY,
    newest_first: bool = True,
) -> dict[str, Any]:
    """Return the page that ``limit`` and ``after`` of the address ask for.

    Args:
        request: its address names the page.
        rows: all that the list holds, in whatever order.
        represent: gives the JSON of some rows, in their order.
        by: the columns of the order, without NULL and together unique; a path to another table has its
            double underscores.
        newest_first: descending; else ascending.

    Returns:
        ``results``, and ``next``: the address of the page after it without the host, or None.

    Raises:
        BadValue: ``limit`` is no number of 1 to 200.
        NoSuchPage: ``after`` is not a key that this function gave out.
    """
    limit, after = _limit(request), request.query_params.get("after")
    if after:
        rows = _beyond(rows, by, _read(rows.model, by, after), newest_first=newest_first)
    found = list(rows.order_by(*(f"-{name}" if newest_first else name for name in by))[: limit + 1])
    page = found[:limit]
    more = _address(request, _write(page[-1], by)) if len(found) > limit else None
    return {"results": list(represent(page)), "next": more}


def _limit(request: Request) -> int:
    text = request.query_params.get("limit", str(DEFAULT_LIMIT))
    if not (text.isascii() and text.isdigit() and len(text) < 4 and 1 <= int(text) <= LARGEST_LIMIT):
        raise BadValue(_("“limit” takes a number from 1 to %(most)d.") % {"most": LARGEST_LIMIT})
    return int(text)


def _beyond(
    rows: QuerySet[Row], by: Sequence[str], last: Sequence[Any], *, newest_first: bool
) -> QuerySet[Row]:
    """Keep the rows behind the one that has these values in the columns of the order."""
    way = "lt" if newest_first else "gt"
    behind, same = Q(), Q()
    for name, value in zip(by, last, strict=True):
        behind |= same & Q(**{f"{name}__{way}": value})
        same &= Q(**{name: value})
    # The first condition repeats the others so that PostgreSQL can begin within the index.
    return rows.filter(**{f"{by[0]}__{way}e": last[0]}).filter(behind)


def _write(row: Model, by: Sequence[str]) -> str:
    values = [str(attrgetter(name.replace("__", "."))(row)) for name in by]
    return base64.urlsafe_b64encode(json.dumps(values).encode()).decode().rstrip("=")


def _read(model: type[Model], by: Sequence[str], key: str) -> list[Any]:
    """Undo :func:`_write`."""
    try:
        values = json.loads(base64.urlsafe_b64decode(key + "=" * (-len(key) % 4)))
        read = [_value(_column(model, name), value) for name, value in zip(by, values, strict=True)]
    except (ValueError, TypeError, OverflowError, RecursionError, ValidationError) as problem:
        raise NoSuchPage(_("This page does not exist. Start again from the first.")) from problem
    return read


def _value(column: Field[Any, Any], value: object) -> Any:
    """Return what a column may hold; raises ``ValueError`` for what none does, though Python has it."""
    text = str(value)
    if "\0" in text:
        raise ValueError(value)
    text.encode()
    read = column.to_python(text)
    return read.astimezone(UTC) if isinstance(read, datetime) else read


def _column(model: type[Model], path: str) -> Field[Any, Any]:
    *way, last = path.split("__")
    target = reduce(lambda here, name: here._meta.get_field(name).related_model, way, model)  # type: ignore[arg-type,return-value]  # noqa: SLF001 -- paths of ``by`` lead along foreign keys; Django's documented name
    return target._meta.get_field(last)  # type: ignore[return-value]  # noqa: SLF001 -- as above


def _address(request: Request, after: str) -> str:
    asked = request.query_params.copy()
    asked["after"] = after
    return f"{request.path}?{asked.urlencode()}"
