"""What happened, counted in Redis, so that all processes of all machines add to the same numbers.

A process that ends leaves nothing behind and takes nothing away. Counting never holds up the work that is
counted: when Redis does not answer, what happens in the next seconds goes uncounted.
"""

from __future__ import annotations

import json
import time
from bisect import bisect_left
from collections import defaultdict
from collections.abc import Callable
from dataclasses import dataclass, field
from functools import cache
from typing import Any, Final

import redis
from django.conf import settings
from django.http import HttpRequest, HttpResponse

PAUSE_SECONDS: Final = 10.0
KNOWN_METHODS: Final = frozenset({"GET", "HEAD", "POST", "PUT", "PATCH", "DELETE", "OPTIONS"})


@dataclass(frozen=True, slots=True)
class Series:
    """A kind of thing that is counted.

    Attributes:
        name: as Prometheus calls it.
        help: what it is, in a sentence.
        labels: their names. The values must be few and known beforehand: no key, no address, no name.
        bounds: upper ends of the ranges in which durations are counted, in seconds; none for a plain count.
    """

    name: str
    help: str
    labels: tuple[str, ...]
    bounds: tuple[float, ...] = ()


@dataclass(slots=True)
class Tally:
    """What was counted under one set of labels: how often in each range, and for how long in all."""

    ranges: dict[int, int] = field(default_factory=dict)
    seconds: float = 0.0


REQUESTS: Final = Series(
    "hematovision_http_request_seconds",
    "Requests by the name of their page, until the answer begins.",
    ("route", "method", "status"),
    (0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10, 30),
)
ATTEMPTS: Final = Series(
    "hematovision_analysis_attempt_seconds",
    "Attempts to read an image, from taking the job to its end: done, late (taken over) or why not.",
    ("outcome",),
    (0.1, 0.25, 0.5, 1, 2.5, 5, 10, 20, 40),
)

# Until when nothing is counted, by this process' monotonic clock; one entry, so that threads share it.
_paused: dict[str, float] = {"until": 0.0}


@cache
def client() -> redis.Redis:
    """Return this process' connection for counting, which gives up at once."""
    return redis.Redis.from_url(settings.REDIS_URL, socket_connect_timeout=0.3, socket_timeout=0.3)


def count(series: Series, *values: str, seconds: float = 0.0) -> None:
    """Count one event under the label values, and how long it took where the series has ranges."""
    if time.monotonic() < _paused["until"]:
        return
    key, which = f"metrics:{series.name}", bisect_left(series.bounds, seconds)
    try:
        with client().pipeline(transaction=False) as batch:
            batch.hincrby(key, json.dumps([*values, which]), 1)
            if series.bounds:
                batch.hincrby(key, json.dumps([*values, "us"]), round(seconds * 1e6))
            batch.execute()
    except redis.RedisError:
        _paused["until"] = time.monotonic() + PAUSE_SECONDS


def tallies(series: Series) -> dict[tuple[str, ...], Tally]:
    """Return what was counted since Redis began, by label values.

    Raises:
        redis.RedisError: Redis does not answer, so nothing is known.
    """
    found: defaultdict[tuple[str, ...], Tally] = defaultdict(Tally)
    kept: Any = client().hgetall(f"metrics:{series.name}")
    for name, number in kept.items():
        *values, which = json.loads(name)
        if which == "us":
            found[tuple(values)].seconds = int(number) / 1e6
        else:
            found[tuple(values)].ranges[which] = int(number)
    return dict(found)


def counted(get_response: Callable[[HttpRequest], HttpResponse]) -> Callable[[HttpRequest], HttpResponse]:
    """Count each request by the name of its page, never by its address, which may hold a key."""

    def middleware(request: HttpRequest) -> HttpResponse:
        began = time.perf_counter()
        response = get_response(request)
        route = request.resolver_match.view_name if request.resolver_match else ""
        method = request.method if request.method in KNOWN_METHODS else "other"
        status = f"{response.status_code // 100}xx"
        count(REQUESTS, route or "none", str(method), status, seconds=time.perf_counter() - began)
        return response

    return middleware
