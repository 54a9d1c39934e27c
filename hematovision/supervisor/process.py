"""One child process: it cannot outlive the supervisor and is stopped with patience, then force."""

from __future__ import annotations

import contextlib
import ctypes
import os
import signal
import subprocess
import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path

PR_SET_PDEATHSIG = 1
LIBC = ctypes.CDLL(None, use_errno=True)


@dataclass
class Child:
    """A process and how it ends.

    Attributes:
        name: what it is called on the terminal; its output goes to ``<name>.log``.
        stop: the signal for an orderly end.
        death: the signal that the kernel sends when the supervisor dies; the same unless given.
        patience: seconds it gets for that end before ``hurry`` and, three seconds later, SIGKILL follow.
        hurry: the signal for an end that drops work in progress.
        become: runs in the child before the program, to change who it runs as.
        keep: file descriptors that it inherits, such as a lock that must last as long as it lives.
    """

    name: str
    command: Sequence[str | Path]
    log: Path
    env: Mapping[str, str]
    stop: signal.Signals = signal.SIGTERM
    hurry: signal.Signals = signal.SIGQUIT
    death: signal.Signals | None = None
    patience: float = 10
    become: Callable[[], None] | None = None
    keep: Sequence[int] = ()
    process: subprocess.Popen[bytes] | None = field(default=None, init=False)
    started_at: float = field(default=0, init=False)

    def start(self) -> None:
        """Start the program in a session of its own, so that Ctrl-C reaches only the supervisor."""
        with self.log.open("ab") as log:
            self.process = subprocess.Popen(
                [str(part) for part in self.command],
                env=dict(self.env),
                stdin=subprocess.DEVNULL,
                stdout=log,
                stderr=subprocess.STDOUT,
                start_new_session=True,
                pass_fds=tuple(self.keep),
                preexec_fn=before_program(self.death or self.stop, self.become),  # noqa: PLW1509 -- the supervisor has one thread
            )
        self.started_at = time.monotonic()

    @property
    def alive(self) -> bool:
        """Whether the process runs."""
        return self.process is not None and self.process.poll() is None

    def ask_to_stop(self) -> None:
        """Send the signal for an orderly end and return at once."""
        if self.alive:
            assert self.process
            self.process.send_signal(self.stop)

    def end(self) -> None:
        """Wait for the orderly end, then force it; afterwards nothing of its session is left."""
        if self.process is None:
            return
        steps = ((None, self.patience), (self.hurry, 3.0), (signal.SIGKILL, 5.0))
        for sent, seconds in steps:
            if sent is not None and self.alive:
                self.process.send_signal(sent)
            with contextlib.suppress(subprocess.TimeoutExpired):
                self.process.wait(seconds)
                break
        self.sweep()

    def sweep(self) -> None:
        """Kill what a dead process has left behind in its session."""
        if self.process is not None:
            with contextlib.suppress(ProcessLookupError, PermissionError):
                os.killpg(self.process.pid, signal.SIGKILL)


def die_with_parent(death_signal: signal.Signals) -> None:
    """Ask the kernel to send this process a signal when its parent dies."""
    LIBC.prctl(PR_SET_PDEATHSIG, int(death_signal))


def before_program(death_signal: signal.Signals, become: Callable[[], None] | None) -> Callable[[], None]:
    """Return what runs in a child between fork and exec."""
    parent = os.getpid()

    def prepare() -> None:
        if become is not None:
            become()
        # Changing who one is clears this request, so it comes last.
        die_with_parent(death_signal)
        if os.getppid() != parent:
            os._exit(1)

    return prepare
