"""The shell around the mails that the courier sends for accounts."""

from __future__ import annotations

from accounts.forgotten import wishes_fulfil
from hematovision.core.queue import SEND_LINKS, light_task


@light_task(SEND_LINKS)
def send_links() -> None:
    """Send the mails of people who have forgotten their password."""
    wishes_fulfil()
