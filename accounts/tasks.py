"""The shell around what the scheduler does for accounts."""

from __future__ import annotations

from accounts.retention import retention_sweep
from hematovision.core.queue import SWEEP_RETENTION, light_task


@light_task(SWEEP_RETENTION)
def sweep_retention() -> None:
    """Forget ended sessions and spent links."""
    retention_sweep()
