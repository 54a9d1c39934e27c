"""The queue: names of tasks, and the one way to ring for a worker.

PostgreSQL holds the work; a message is only a doorbell. So a message that cannot be sent is logged and
forgotten: the sweeper finds the row. Tasks are queued by name, so that nobody imports a ``tasks`` module.
"""

from __future__ import annotations

import logging
from collections.abc import Callable
from functools import partial
from typing import Any, Final, TypeVar

from celery import current_app, shared_task
from django.db import transaction
from kombu.exceptions import OperationalError

from hematovision.core import tracing

logger = logging.getLogger(__name__)

ANALYSE_FIELD: Final = "predictions.analyse_field"
SWEEP_JOBS: Final = "predictions.sweep_jobs"
SWEEP_IMAGES: Final = "predictions.sweep_images"
WATCH_DRIFT: Final = "predictions.watch_drift"
READ_AGAIN: Final = "predictions.read_again"
RUN_TRAINING: Final = "mlcore.run_training"
SWEEP_TRAINING: Final = "mlcore.sweep_training"
IMPORT_DATASET: Final = "mlcore.import_dataset"
PROBE_TRAINING: Final = "mlcore.probe_training"
EVALUATE_VERSION: Final = "mlcore.evaluate_version"
FIND_LEAKS: Final = "mlcore.find_leaks"
SHADOW_FIELD: Final = "predictions.shadow_field"
SWEEP_RETENTION: Final = "accounts.sweep_retention"
SEND_LINKS: Final = "accounts.send_links"
DELIVER: Final = "predictions.deliver"
SWEEP_DELIVERIES: Final = "predictions.sweep_deliveries"

QUEUE_OF: Final[dict[str, str]] = {
    ANALYSE_FIELD: "inference",
    SWEEP_JOBS: "inference",
    SWEEP_IMAGES: "inference",
    WATCH_DRIFT: "inference",
    READ_AGAIN: "inference",
    RUN_TRAINING: "training",
    SWEEP_TRAINING: "training",
    IMPORT_DATASET: "training",
    PROBE_TRAINING: "training",
    EVALUATE_VERSION: "training",
    FIND_LEAKS: "training",
    SHADOW_FIELD: "inference",
    SWEEP_RETENTION: "inference",
    SEND_LINKS: "exchange",
    DELIVER: "exchange",
    SWEEP_DELIVERIES: "exchange",
}

Function = TypeVar("Function", bound=Callable[..., Any])


def light_task(name: str, *, seconds: int = 60) -> Callable[[Function], Any]:
    """Register a task that takes at most ``seconds``: acknowledged early, retried by its row."""
    return shared_task(
        name=name, ignore_result=True, acks_late=False, soft_time_limit=seconds, time_limit=seconds + 10
    )


def heavy_task(name: str, *, hours: int = 12) -> Callable[[Function], Any]:
    """Register a task for the training worker that may run for hours."""
    return shared_task(name=name, ignore_result=True, acks_late=False, time_limit=hours * 3600)


def ring(name: str, *args: str | int) -> bool:
    """Send the doorbell now; return whether the broker took it."""
    try:
        current_app.send_task(
            name,
            args=args,
            queue=QUEUE_OF[name],
            retry=False,
            ignore_result=True,
            headers={"request_id": tracing.current()},
        )
    except (OperationalError, ConnectionError, OSError):
        logger.warning("The broker did not take %s; the sweeper will.", name)
        return False
    return True


def depth(name: str) -> int | None:
    """Return how many messages wait in the queue of a task; None when the broker cannot be asked."""
    try:
        with current_app.connection_for_read() as connection:
            channel: Any = connection.default_channel  # kombu's types know no Redis channel
            return int(channel.client.llen(QUEUE_OF[name]))
    except (OperationalError, ConnectionError, OSError):
        return None


def ring_on_commit(name: str, *args: str | int) -> None:
    """Send the doorbell once the surrounding transaction has committed, and not at all if it rolls back."""
    transaction.on_commit(partial(ring, name, *args))
