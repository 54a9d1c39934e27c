"""Whether one part works, as containers are asked: ``python -m hematovision.supervisor.alive inference``.

The web server is alive when it answers and reaches its database; whether others work is not its fault, so a
restart would not help. The others are alive while they leave their mark in Redis.
"""

from __future__ import annotations

import os
import socket
import sys

from hematovision import env as read
from hematovision.core import workers
from hematovision.supervisor import parts, probe


def web() -> bool:
    """Whether the web server of this machine answers and reaches the database."""
    address = parts.Address(read.text("HOST", "127.0.0.1"), read.integer("PORT", 8000, at_least=1))
    return not {"web", "database"} & set(probe.missing_parts(address, os.environ))


def marked(role: str) -> bool:
    """Whether a part of this machine has left its mark lately."""
    here = socket.gethostname()
    return any(one.role == role and one.host == here for one in workers.alive())


def main() -> int:
    """Return the exit status: 0 for yes."""
    part = sys.argv[1] if len(sys.argv) == 2 else ""
    if part == "web":
        return 0 if web() else 1
    if part not in workers.ROLES:
        sys.exit(f"Name one part: web, {', '.join(workers.ROLES)}.")
    return 0 if marked(part) else 1


if __name__ == "__main__":
    os.environ.setdefault("DJANGO_SETTINGS_MODULE", "hematovision.settings.prod")
    sys.exit(main())
