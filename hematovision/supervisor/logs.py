"""The parts' logs: one file each, cut when it is large."""

from __future__ import annotations

import os
import shutil
from pathlib import Path

LARGEST = 10 * 2**20


def cut_if_large(log: Path, largest: int = LARGEST) -> None:
    """Move the content of a large log to ``<name>.log.1``; the part goes on writing to the same file.

    The parts open their logs for appending, so what they write after the cut starts at the top.
    """
    if log.exists() and log.stat().st_size > largest:
        shutil.copyfile(log, log.with_suffix(".log.1"))
        os.truncate(log, 0)
