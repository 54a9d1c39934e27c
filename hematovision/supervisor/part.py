"""One part alone in the foreground: ``python -m hematovision.supervisor.part web``.

Where something else starts, watches and stops processes, the commands stay the ones that this package uses.
"""

from __future__ import annotations

import os
import sys
from pathlib import Path

from hematovision import env as read
from hematovision.supervisor import parts

WORKERS = {
    "inference": parts.inference,
    "training": parts.training,
    "courier": parts.courier,
    "scheduler": parts.scheduler,
}
NAMES = ("web", *WORKERS)


def main() -> None:
    """Become the part that the command line names."""
    name = sys.argv[1] if len(sys.argv) == 2 else ""
    if name not in NAMES:
        sys.exit(f"Name one part: {', '.join(NAMES)}.")
    log, env = Path(), os.environ
    if name == "web":
        address = parts.Address(read.text("HOST", "127.0.0.1"), read.integer("PORT", 8000, at_least=1))
        part = parts.web(address, log, env)
    else:
        part = WORKERS[name](log, env)
    command = [str(word) for word in part.command]
    os.execv(command[0], command)


if __name__ == "__main__":
    main()
