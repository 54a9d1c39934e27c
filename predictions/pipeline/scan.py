"""A laboratory's own virus scanner, asked before a file is decoded. None is asked unless one is named."""

from __future__ import annotations

import logging
import subprocess
from typing import Final

from django.conf import settings
from django.utils.translation import gettext as _

from predictions.errors import ScannerAway, UploadRefused

logger = logging.getLogger(__name__)

CLEAN: Final = 0
# What clamdscan, clamscan and their kind answer for a file in which they found something.
FOUND: Final = 1
PATIENCE_SECONDS: Final = 30


def scan(content: bytes) -> None:
    """Give ``content`` to the command of ``settings.UPLOAD_SCAN_COMMAND`` on its standard input.

    It ends with 0 for a clean file and 1 for one in which it found something; anything else is no verdict,
    and without a verdict nothing is taken.

    Raises:
        UploadRefused: the scanner found something.
        ScannerAway: it gave no verdict in time; nothing was stored, the same file may be sent again.
    """
    if not settings.UPLOAD_SCAN_COMMAND:
        return
    status = _asked(settings.UPLOAD_SCAN_COMMAND, content)
    if status == FOUND:
        text = _(
            "The virus scanner of your laboratory refuses this file. Nothing was stored; tell your admin."
        )
        raise UploadRefused("infected", text)
    if status != CLEAN:
        raise ScannerAway(_("The virus scanner does not answer. Nothing was stored; try again in a minute."))


def _asked(command: list[str], content: bytes) -> int | None:
    """Return the status of the command, None where it could not be asked or took too long."""
    try:
        answer = subprocess.run(  # noqa: S603 -- the command is the admin's own, from the environment
            command, input=content, capture_output=True, timeout=PATIENCE_SECONDS, check=False
        )
    except (OSError, subprocess.TimeoutExpired):
        logger.warning("The virus scanner gave no verdict", exc_info=True)
        return None
    if answer.returncode not in {CLEAN, FOUND}:
        logger.warning("The virus scanner ended with status %d", answer.returncode)
    return answer.returncode
