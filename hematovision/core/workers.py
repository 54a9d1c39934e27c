"""Who is at work: each worker and the scheduler leave a mark in Redis every few seconds.

A worker marks itself from the loop that takes messages, the scheduler from its tick: a process that
exists but hangs leaves no mark. Marks are compared with Redis' own clock, so hosts may disagree on the time.
"""

from __future__ import annotations

import json
import os
import socket
from contextlib import suppress
from dataclasses import asdict, dataclass, replace
from datetime import UTC, datetime
from functools import cache
from typing import Any, Final

import redis
from celery import Celery
from celery.beat import Scheduler
from celery.signals import celeryd_after_setup, heartbeat_sent
from django.conf import settings

from hematovision.core.release import release

INFERENCE: Final = "inference"
TRAINING: Final = "training"
COURIER: Final = "courier"
SCHEDULER: Final = "scheduler"
ROLES: Final = (INFERENCE, TRAINING, COURIER, SCHEDULER)
# What a worker is, by the queue that it takes messages from.
ROLE_OF: Final = {"inference": INFERENCE, "training": TRAINING, "exchange": COURIER}

MARKS: Final = "workers"
MODELS: Final = "workers:models"
ALIVE_SECONDS: Final = 12
STARTED: Final = datetime.now(UTC).isoformat(timespec="seconds")


@dataclass(frozen=True, slots=True)
class Worker:
    """A process at work.

    Attributes:
        role: inference, training, courier or scheduler.
        host: the machine it runs on.
        since: when it started, ISO 8601 in UTC.
        pid: the number of its process there; 0 if unknown.
        model: the version that its children read with, as they said last; empty for none.
        release: the portal's version that it was started with; an update replaces files, not processes.
    """

    role: str
    host: str
    since: str
    pid: int = 0
    model: str = ""
    release: str = ""


@cache
def client() -> redis.Redis:
    """Return this process' connection to Redis; it gives up soon, since pages wait for it."""
    return redis.Redis.from_url(settings.REDIS_URL, socket_connect_timeout=2, socket_timeout=2)


def mark(role: str) -> None:
    """Say that this process is at work.

    Raises:
        redis.RedisError: Redis does not answer.
    """
    now = float(client().time()[0])
    told = asdict(
        Worker(role=role, host=socket.gethostname(), since=STARTED, pid=os.getpid(), release=release())
    )
    # The model changes while the worker stays: it is told apart, or each would leave a second mark.
    del told["model"]
    me = json.dumps(told)
    with client().pipeline(transaction=False) as batch:
        batch.zadd(MARKS, {me: now})
        batch.zremrangebyscore(MARKS, 0, now - ALIVE_SECONDS)
        batch.execute()


def forget() -> None:
    """Drop this machine's marks, before any of its processes starts.

    A portal that was killed and starts again at once would count its dead as being at work.

    Raises:
        redis.RedisError: Redis does not answer.
    """
    host = socket.gethostname()
    marks: Any = client().zrange(MARKS, 0, -1)
    dead = [entry for entry in marks if json.loads(entry)["host"] == host]
    if dead:
        client().zrem(MARKS, *dead)
    models: Any = client().hkeys(MODELS)
    gone = [key for key in models if key.decode().startswith(f"{host}:")]
    if gone:
        client().hdel(MODELS, *gone)


def reads_with(version: str) -> None:
    """Say, from a child of a worker, which version of the model it has loaded; without Redis nobody hears."""
    with suppress(redis.RedisError):
        client().hset(MODELS, f"{socket.gethostname()}:{os.getppid()}", version)


def alive() -> list[Worker]:
    """Return who has left a mark lately.

    Raises:
        redis.RedisError: Redis does not answer, so nothing is known.
    """
    now = float(client().time()[0])
    marks: Any = client().zrangebyscore(MARKS, now - ALIVE_SECONDS, "+inf")
    models: Any = client().hgetall(MODELS)
    crew = [Worker(**json.loads(entry)) for entry in marks]
    return [
        replace(one, model=models.get(f"{one.host}:{one.pid}".encode(), b"").decode())
        if one.role == INFERENCE
        else one
        for one in crew
    ]


def roles(app: Celery) -> set[str]:
    """Return what a worker of ``app`` does, told from the queues it takes messages from."""
    return {ROLE_OF[queue] for queue in app.amqp.queues.consume_from if queue in ROLE_OF}


class MarkingScheduler(Scheduler):
    """Celery's scheduler in memory: every entry runs each few seconds, so a restart forgets nothing."""

    # The tick also is the sign of life.
    max_interval = 4

    def tick(self, *args: Any, **kwargs: Any) -> float:
        """Leave a mark, then do what is due; without Redis neither is possible and both come back with it."""
        try:
            mark(SCHEDULER)
        except redis.RedisError:
            return float(self.max_interval)
        return float(super().tick(*args, **kwargs))


@celeryd_after_setup.connect
def begin_marking(instance: Any, **_: Any) -> None:
    """Mark each role of this worker whenever Celery's own heart beats (every two seconds)."""
    mine = roles(instance.app)
    # Asked for now, or an update before the first beat would pass for what this process runs.
    release()

    def beat(**_: Any) -> None:
        for role in mine:
            mark(role)

    heartbeat_sent.connect(beat, weak=False)
