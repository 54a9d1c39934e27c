"""Shells around the services for the courier."""

from __future__ import annotations

from uuid import UUID

from hematovision.core.queue import DELIVER, SWEEP_DELIVERIES, light_task
from predictions.services import deliver
from predictions.services.promoted import promotions_post


@light_task(DELIVER)
def deliver_to(destination_id: str) -> None:
    """Send what is due for one destination; each call ends in time by itself."""
    deliver.deliver(UUID(destination_id))


@light_task(SWEEP_DELIVERIES)
def sweep_deliveries() -> None:
    """Post what no other transaction could, and ring for what is due."""
    promotions_post()
    deliver.sweep()
