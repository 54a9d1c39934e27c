"""A list of an admin's view: a page of rows in their shape, with its ETag."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from django.db.models import QuerySet
from rest_framework.request import Request
from rest_framework.response import Response
from rest_framework.serializers import Serializer

from predictions.api import conditional
from predictions.api.paging import BY, paged


def listed(
    request: Request,
    rows: QuerySet[Any],
    shape: type[Serializer],
    *,
    by: Sequence[str] = BY,
    newest_first: bool = True,
) -> Response:
    """Answer with the page of ``rows`` that is asked for; for ``by`` and errors see :func:`paged`."""

    def represent(page: Sequence[Any]) -> Sequence[Any]:
        return list(shape(page, many=True).data)

    return conditional.answer(request, paged(request, rows, represent, by=by, newest_first=newest_first))
