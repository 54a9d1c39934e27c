"""The data folder ``var``: what is in it, and whether it can be used."""

from __future__ import annotations

import os
import shutil
from pathlib import Path

from hematovision.supervisor.errors import StartError

LEAST_FREE_MB = 500
# A folder in which a restore lays things out; it goes when everything has been verified.
RESTORING = ".restoring"
PARTS = ("run", "log", "secrets", "images", "models")


def ensure(var: Path) -> None:
    """Make the folder and its parts, for this user alone."""
    if (var / RESTORING).exists():
        raise StartError(
            f"A restore into {var} runs, or did not end; in that case empty the folder and restore again."
        )
    try:
        for name in ("", *PARTS):
            (var / name).mkdir(mode=0o700, parents=True, exist_ok=True)
    except OSError as error:
        raise StartError(
            f"The data folder {var} cannot be made ({error.strerror}); "
            "set HV_VAR to a folder that you may write."
        ) from error
    if not all(os.access(var / name, os.R_OK | os.W_OK | os.X_OK) for name in ("", *PARTS)):
        raise StartError(
            f"The data folder {var} belongs to somebody else; start the portal as the same user as before, "
            "or set HV_VAR to a folder that you may write."
        )
    free = shutil.disk_usage(var).free // 2**20
    if free < LEAST_FREE_MB:
        raise StartError(
            f"Only {free} MB are free in {var}; the portal needs at least {LEAST_FREE_MB} MB to work safely."
        )
