"""Keeps children alive: what ends is started again, sooner the first time than the fifth."""

from __future__ import annotations

import time
from dataclasses import dataclass, field

from hematovision.supervisor import logs
from hematovision.supervisor.process import Child

FIRST_PAUSE, LONGEST_PAUSE, STEADY_SECONDS = 0.5, 30.0, 60.0


@dataclass
class Watched:
    """A child and when it may start again."""

    child: Child
    pause: float = FIRST_PAUSE
    again_at: float | None = field(default=None, init=False)

    def look(self) -> str | None:
        """Start a dead child again once its pause is over; return a sentence when it has just ended."""
        logs.cut_if_large(self.child.log)
        now = time.monotonic()
        if self.child.alive:
            return None
        if self.again_at is None:
            if now - self.child.started_at > STEADY_SECONDS:
                self.pause = FIRST_PAUSE
            self.again_at, pause = now + self.pause, self.pause
            self.pause = min(self.pause * 2, LONGEST_PAUSE)
            self.child.sweep()
            ended = f"The part called {self.child.name} ended ({how(self.child)})"
            return f"{ended}; it starts again in {pause:g} s."
        if now >= self.again_at:
            self.again_at = None
            self.child.start()
        return None


def how(child: Child) -> str:
    """Say how a child ended."""
    assert child.process is not None
    code = child.process.returncode
    return f"signal {-code}" if code < 0 else f"status {code}"
