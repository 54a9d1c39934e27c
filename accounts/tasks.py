"""The shell around what the scheduler does for accounts."""

from __future__ import annotations

from accounts.forgotten import wishes_fulfil
from accounts.retention import retention_sweep
from hematovision.core.queue import SEND_LINKS, SWEEP_RETENTION, light_task


@light_task(SWEEP_RETENTION)
def sweep_retention() -> None:
    """Forget ended sessions and spent links."""
    retention_sweep()


@light_task(SEND_LINKS)
def send_links() -> None:
    """Send the mails of people who have forgotten their password."""
    wishes_fulfil()
