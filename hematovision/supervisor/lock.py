"""One portal per data folder, and no server left over from a run that was killed."""

from __future__ import annotations

import fcntl
import os
import time
from pathlib import Path

from hematovision.supervisor.errors import StartError

LEFT_OVER_SECONDS = 30


def of_portal(var: Path) -> int:
    """Lock ``var`` for this supervisor and return the descriptor; the lock ends with the process."""
    descriptor = open_file(var / "run" / "portal.lock")
    if not taken(descriptor):
        number = os.pread(descriptor, 20, 0).decode() or "of unknown number"
        raise StartError(
            f"Another HematoVision (process {number}) already uses {var}; "
            "stop it first, or set HV_VAR to another folder."
        )
    os.ftruncate(descriptor, 0)
    os.pwrite(descriptor, str(os.getpid()).encode(), 0)
    return descriptor


def of_servers(var: Path) -> int:
    """Lock the servers' data and return the descriptor, which the servers inherit and so keep locked.

    After a killed supervisor its servers need a moment to end; two servers on the same data would ruin it.
    """
    descriptor = open_file(var / "run" / "servers.lock")
    end = time.monotonic() + LEFT_OVER_SECONDS
    while not taken(descriptor):
        if time.monotonic() > end:
            raise StartError(
                f"A database or broker of an earlier run still uses {var}; "
                "end that process (ps shows it), then start again."
            )
        time.sleep(0.2)
    return descriptor


def open_file(path: Path) -> int:
    """Open a lock file; its content stays, since another process may have written it."""
    return os.open(path, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600)


def taken(descriptor: int) -> bool:
    """Try to take the lock without waiting."""
    try:
        fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        return False
    return True
