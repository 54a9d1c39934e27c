"""How many requests a minute the API takes of one caller, and how it tells them what is left.

A caller is a machine's token, a person or, for whoever shows neither, an address. The counts lie in the
shared cache, so that all web servers count together; while that is away, nobody is held up.
"""

from __future__ import annotations

import logging
import time
from collections.abc import Callable
from dataclasses import dataclass
from http import HTTPStatus
from typing import TYPE_CHECKING, Final

from django.conf import settings
from django.core.cache import cache
from django.http import HttpRequest, HttpResponseBase
from django.utils.translation import gettext as _
from redis.exceptions import RedisError
from rest_framework.throttling import BaseThrottle

from accounts.models import MachineToken, User
from hematovision.core.origin import Origin
from hematovision.core.problem import problem_response

if TYPE_CHECKING:
    # The framework's views import this module.
    from rest_framework.request import Request
    from rest_framework.views import APIView

logger = logging.getLogger(__name__)

WINDOW_SECONDS: Final = 60
REFUSED: Final = (HTTPStatus.UNAUTHORIZED, HTTPStatus.FORBIDDEN, HTTPStatus.NOT_FOUND)


@dataclass(frozen=True, slots=True)
class Allowance:
    """What a caller may ask in the running minute: of how many requests, how many are left, until when."""

    limit: int
    used: int
    reset_seconds: int

    @property
    def exceeded(self) -> bool:
        """Say whether the request that was counted last is one too many."""
        return self.used > self.limit

    @property
    def headers(self) -> dict[str, str]:
        """Return it as headers of an answer, as in the RateLimit drafts of the IETF."""
        return {
            "RateLimit-Limit": str(self.limit),
            "RateLimit-Remaining": str(max(0, self.limit - self.used)),
            "RateLimit-Reset": str(self.reset_seconds),
        }


class PerCaller(BaseThrottle):
    """Counts each caller's requests by the scope of the view, so that reading holds up no sending."""

    def allow_request(self, request: Request, view: APIView) -> bool:
        """Count the request, note for :func:`limits_told` what is left, and say whether it may go on."""
        allowance = counted(*_caller(request), scope=str(getattr(view, "scope", "any")))
        request._request.allowance = allowance  # type: ignore[attr-defined]  # noqa: SLF001 -- the only way to the middleware
        if allowance is None:
            return True
        self.allowance = allowance
        return not allowance.exceeded

    def wait(self) -> float:
        """Return in how many seconds the next request is taken."""
        return self.allowance.reset_seconds


def counted(caller: str, limit: int, *, scope: str) -> Allowance | None:
    """Count one request of ``caller`` in the running minute; None where there is no limit.

    The count grows in one step in the cache: of parallel requests none is overlooked.
    """
    if not limit:
        return None
    minute, second = divmod(int(time.time()), WINDOW_SECONDS)
    key = f"api:{caller}:{scope}:{minute}"
    try:
        cache.add(key, 0, timeout=2 * WINDOW_SECONDS)
        used = cache.incr(key)
    except (RedisError, ValueError) as error:
        logger.warning("The API's limits are not counted: %s", type(error).__name__)
        return None
    return Allowance(limit, used, WINDOW_SECONDS - second)


def limits_told(
    get_response: Callable[[HttpRequest], HttpResponseBase],
) -> Callable[[HttpRequest], HttpResponseBase]:
    """Tell on every answer of the API how many requests are left.

    Whoever is refused before anything is counted, without a token or with a wrong one, is counted by address;
    above the limit only such refusals turn into 429, so that nobody shuts out the neighbours.
    """

    def middleware(request: HttpRequest) -> HttpResponseBase:
        response = get_response(request)
        if not request.path.startswith("/api/"):
            return response
        allowance: Allowance | None = getattr(request, "allowance", None)
        if not hasattr(request, "allowance") and response.status_code in REFUSED:
            address = f"address:{Origin.of(request).address}"
            allowance = counted(address, settings.API_STRANGERS_PER_MINUTE, scope="refused")
            if allowance and allowance.exceeded:
                response = _too_many(allowance)
        for name, value in (allowance.headers if allowance else {}).items():
            response[name] = value
        return response

    return middleware


def _caller(request: Request) -> tuple[str, int]:
    """Return who is counted and their limit."""
    if isinstance(request.auth, MachineToken):
        return f"token:{request.auth.pk}", settings.API_REQUESTS_PER_MINUTE
    if isinstance(request.user, User):
        return f"person:{request.user.pk}", settings.API_REQUESTS_PER_MINUTE
    return f"address:{Origin.of(request).address}", settings.API_STRANGERS_PER_MINUTE


def _too_many(allowance: Allowance) -> HttpResponseBase:
    text = _("Too many requests that were refused. Check the token, and try again in a minute.")
    response = problem_response(HTTPStatus.TOO_MANY_REQUESTS, "throttled", text)
    response["Retry-After"] = str(allowance.reset_seconds)
    return response
