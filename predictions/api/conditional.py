"""Asking again only for what has changed: strong ETags, ``If-None-Match``, and ``If-Match`` for changes."""

from __future__ import annotations

import hashlib
import re
from collections.abc import Mapping
from http import HTTPStatus
from typing import Any

from rest_framework.renderers import JSONRenderer
from rest_framework.request import Request
from rest_framework.response import Response

ANY = "*"


def answer(request: Request, data: Any, *, revision: int | None = None) -> Response:
    """Return ``data`` with its ETag, or 304 without it where the sender has just this.

    With ``revision`` the tag says that too, and :func:`revision_seen` finds it in ``If-Match``.
    """
    return tagged(request, data, _tag(data, revision))


def changed(data: Any, revision: int) -> Response:
    """Return what a change has made, with the ETag that the next :func:`answer` of it has."""
    return Response(data, headers={"ETag": f'"{_tag(data, revision)}"'})


def tagged(request: Request, data: Any, tag: str) -> Response:
    """Return ``data`` with the ETag ``tag`` (without quotes), or 304 where the sender has it."""
    headers = {"ETag": f'"{tag}"'}
    if holds(request.headers, tag):
        return Response(status=HTTPStatus.NOT_MODIFIED, headers=headers)
    return Response(data, headers=headers)


def holds(headers: Mapping[str, str], tag: str) -> bool:
    """Say whether the sender has this representation, by ``If-None-Match``."""
    told = _tags(headers.get("If-None-Match", ""))
    return tag in told or ANY in told


def revision_seen(request: Request) -> int | None:
    """Return the revision that ``If-Match`` demands, None where there is no condition.

    What is no tag of :func:`answer` fits no revision, and gives -1.
    """
    told = request.headers.get("If-Match", ANY).strip()
    if told == ANY:
        return None
    # A weak tag never matches here (RFC 9110, 13.1.1). Of several only the latest can still be present.
    found = re.findall(r'(?<!W/)"([0-9]{1,18})-[0-9a-f]{32}"', told)
    return max(map(int, found), default=-1)


def _tag(data: Any, revision: int | None) -> str:
    digest = hashlib.sha256(JSONRenderer().render(data)).hexdigest()[:32]
    return digest if revision is None else f"{revision}-{digest}"


def _tags(header: str) -> list[str]:
    """Return the tags of a header without quotes; a weak one compares as the strong one of its name."""
    if header.strip() == ANY:
        return [ANY]
    return re.findall(r'(?:W/)?"([^"]*)"', header)
