"""What can go wrong between a program and a portal."""

from __future__ import annotations

from http import HTTPStatus
from typing import Any, Final

import httpx

# Statuses that say "not now" of any request; the same request may pass later.
LATER: Final = frozenset(
    {
        HTTPStatus.TOO_MANY_REQUESTS,
        HTTPStatus.BAD_GATEWAY,
        HTTPStatus.SERVICE_UNAVAILABLE,
        HTTPStatus.GATEWAY_TIMEOUT,
    }
)


class PortalError(Exception):
    """The portal did not do what it was asked for.

    Attributes:
        status: of the answer; 0 when there was none.
        code: the stable name for programs, such as ``accession_taken``.
        detail: a sentence for people.
        more: what else the answer says, such as ``field`` of a duplicate.
    """

    def __init__(self, status: int, code: str, detail: str, more: dict[str, Any] | None = None) -> None:
        super().__init__(detail)
        self.status, self.code, self.detail, self.more = status, code, detail, more or {}


class Refused(PortalError):  # noqa: N818 -- the name says what is the case
    """The request cannot be done as it is: a file that is no image, a number that is taken."""


class NotAllowed(PortalError):  # noqa: N818 -- the name says what is the case
    """The token does not work (any more), or whom it acts as may not do this."""


class Unavailable(PortalError):  # noqa: N818 -- the name says what is the case
    """The portal cannot do it now: too many requests, maintenance, no room, a fault of its own."""


class Unreachable(PortalError):  # noqa: N818 -- the name says what is the case
    """Nobody answers at the address, or not with a certificate that is trusted."""


def error_of(response: httpx.Response) -> PortalError:
    """Return the error that an answer of 400 or more stands for; its body has been read."""
    try:
        told = response.json()
    except ValueError:
        told = {}
    more = dict(told) if isinstance(told, dict) else {}
    # A proxy in front may answer with a page of its own, which holds neither code nor sentence.
    code = str(more.pop("code", f"http_{response.status_code}"))
    detail = str(more.pop("detail", f"The portal answered {response.status_code} {response.reason_phrase}."))
    for known in ("type", "title", "status"):
        more.pop(known, None)
    kind = _kind(response.status_code)
    if kind is Refused and told == {} and response.status_code != HTTPStatus.REQUEST_ENTITY_TOO_LARGE:
        # Not even a refusal of the portal's: another program answers, or it has moved. That a file is too
        # large may be said by a proxy, and holds for this file alone.
        return Unreachable(response.status_code, code, f"{detail} Is this the portal's address?")
    return kind(response.status_code, code, detail, more)


def _kind(status: int) -> type[PortalError]:
    if status in {HTTPStatus.UNAUTHORIZED, HTTPStatus.FORBIDDEN}:
        return NotAllowed
    if status in LATER or status >= HTTPStatus.INTERNAL_SERVER_ERROR:
        return Unavailable
    return Refused
