"""Wake whoever waits for a result.

Redis carries the wake-up and nothing else: a reader that missed it, or has no Redis, looks into the database
a moment later.
"""

from __future__ import annotations

import logging
import time
from functools import cache
from typing import Final
from uuid import UUID

from django.conf import settings
from redis import Redis, RedisError

logger = logging.getLogger(__name__)

KEPT_SECONDS: Final = 60
WITHOUT_REDIS_SECONDS: Final = 0.5


def announce(field_id: UUID) -> None:
    """Say that the analysis of a field has ended. Never raises: the result is already safe."""
    key = _key(field_id)
    try:
        with _redis().pipeline(transaction=False) as commands:
            commands.lpush(key, 1)
            commands.expire(key, KEPT_SECONDS)
            commands.execute()
    except RedisError:
        logger.warning("Nobody could be told about a finished analysis; readers will look by themselves.")


def wait(field_id: UUID, seconds: float) -> None:
    """Return when the end of the analysis is announced, or after about ``seconds``, at most."""
    if seconds <= 0:
        # Redis would take this as: wait for ever.
        return
    try:
        _redis().blpop([_key(field_id)], timeout=seconds)
    except RedisError:
        time.sleep(min(seconds, WITHOUT_REDIS_SECONDS))


def _key(field_id: UUID) -> str:
    return f"hv:ended:{field_id}"


@cache
def _redis() -> Redis:
    """Return this process's connections; the longest wait below is shorter than their time-out."""
    return Redis.from_url(settings.REDIS_URL, socket_connect_timeout=1, socket_timeout=15)
