"""Waiting for a server to answer."""

from __future__ import annotations

import time
from collections.abc import Callable

from hematovision.supervisor.errors import StartError
from hematovision.supervisor.process import Child


def until(ready: Callable[[], bool], child: Child, *, seconds: float = 60) -> None:
    """Wait until ``ready()``; refuse when the child has ended or the time is over."""
    end = time.monotonic() + seconds
    while time.monotonic() < end:
        if ready():
            return
        if not child.alive:
            break
        time.sleep(0.1)
    raise StartError(f"The part called {child.name} did not start; {child.log} says why.")
