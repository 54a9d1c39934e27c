"""Whether every part of the portal is there. The answer names parts, never addresses, versions or reasons."""

from __future__ import annotations

import logging
import os
import shutil
from collections.abc import Callable, Mapping
from typing import Final, TypedDict

import redis
from django.conf import settings
from django.db import DatabaseError, connection

from hematovision.core import workers

logger = logging.getLogger(__name__)

Probe = Callable[[], bool]


# Below this a picture of the largest size, its row and the database's own files may not find room.
LEAST_FREE_BYTES: Final = 500 * 1024 * 1024


class Report(TypedDict):
    """What ``/healthz`` and ``/readyz`` answer: ``ok`` or ``missing`` for the whole and for each part."""

    status: str
    parts: dict[str, str]


def check(more: Mapping[str, Probe] | None = None) -> Report:
    """Ask every part; ``more`` brings the probes of apps above this one.

    A probe that raises counts as missing, and its reason goes to the log.
    """
    present = {"database": database(), **broker_and_workers(), "images": image_folder()}
    for name, probe in (more or {}).items():
        # Without the database a probe of what lies in it can say nothing but wait for it once more.
        present[name] = (probe is disk or present["database"]) and probe()
    parts = {name: "ok" if there else "missing" for name, there in present.items()}
    return Report(status="ok" if all(present.values()) else "missing", parts=parts)


def database() -> bool:
    """Whether the database answers."""
    try:
        with connection.cursor() as cursor:
            cursor.execute("SELECT 1")
    except DatabaseError:
        logger.warning("The database does not answer", exc_info=True)
        return False
    return True


def broker_and_workers() -> dict[str, bool]:
    """Whether the broker answers, and who has left a mark there lately."""
    try:
        working = {worker.role for worker in workers.alive()}
    except redis.RedisError:
        logger.warning("The broker does not answer", exc_info=True)
        return dict.fromkeys(("broker", *workers.ROLES), False)
    return {"broker": True, **{role: role in working for role in workers.ROLES}}


def disk() -> bool:
    """Whether there is room for more pictures; a folder that is not there has none."""
    try:
        return shutil.disk_usage(settings.IMAGE_ROOT).free >= LEAST_FREE_BYTES
    except OSError:
        return False


def image_folder() -> bool:
    """Whether pictures can be read and written."""
    return os.access(settings.IMAGE_ROOT, os.R_OK | os.W_OK | os.X_OK)
