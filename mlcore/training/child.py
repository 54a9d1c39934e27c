"""The engine in a process of its own: low priority, few threads, no secrets, and it dies with its worker."""

from __future__ import annotations

import contextlib
import ctypes
import os
import queue
import signal
import subprocess
import sys
import threading
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import IO, Final

import psutil
from django.conf import settings

# What the engine may know of the worker's environment; database and broker passwords are not among it.
PASSED_ON: Final = (
    "PATH",
    "HOME",
    "LANG",
    "LC_ALL",
    "TMPDIR",
    "LD_LIBRARY_PATH",
    "VIRTUAL_ENV",
    "KERAS_HOME",
)
PR_SET_PDEATHSIG: Final = 1
TICK_SECONDS: Final = 2.0
GRACE_SECONDS: Final = 10
# What is made between fork and exec must exist before.
_NO_PRIORITY: Final = os.sched_param(0)

# Loaded before the fork: between fork and exec nothing may allocate or import.
_libc = ctypes.CDLL(None, use_errno=True)


class Child:
    """A running ``python -m mlcore.engine``; use it in a ``with`` block, which never leaves it behind."""

    def __init__(self, arguments: Sequence[str], *, threads: int, workdir: Path) -> None:
        workdir.mkdir(parents=True, exist_ok=True, mode=0o700)
        self._errors = workdir / "errors.log"
        self._lines: queue.SimpleQueue[str | None] = queue.SimpleQueue()
        with self._errors.open("wb") as errors:
            self._process = self._start(arguments, threads, errors)
        # Before it has threads of its own, which inherit this: the disk serves everybody else first.
        with contextlib.suppress(psutil.Error, OSError):
            psutil.Process(self._process.pid).ionice(psutil.IOPRIO_CLASS_IDLE)
        threading.Thread(target=self._listen, daemon=True).start()

    @staticmethod
    def _start(arguments: Sequence[str], threads: int, errors: IO[bytes]) -> subprocess.Popen[str]:
        return subprocess.Popen(  # noqa: S603 -- a list of our own arguments, no shell
            [sys.executable, "-u", "-m", "mlcore.engine", *arguments],
            cwd=settings.BASE_DIR,
            env=_environment(threads),
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=errors,
            text=True,
            errors="replace",
            start_new_session=True,
            preexec_fn=_lower,  # noqa: PLW1509 -- it makes two system calls and touches no lock
        )

    @property
    def pid(self) -> int:
        """The engine's process, which also names the group of all that it starts."""
        return self._process.pid

    def __enter__(self) -> Child:
        return self

    def __exit__(self, *_: object) -> None:
        self.stop()

    def lines(self) -> Iterator[str]:
        """Yield each line the engine says, and "" whenever it has been silent for two seconds."""
        while True:
            try:
                line = self._lines.get(timeout=TICK_SECONDS)
            except queue.Empty:
                yield ""
                continue
            if line is None:
                return
            yield line

    def memory(self) -> int:
        """Return how many bytes the engine and the processes that it started hold now."""
        try:
            own = psutil.Process(self._process.pid)
            family = [own, *own.children(recursive=True)]
        except psutil.Error:
            return 0
        return sum(_private(process) for process in family)

    def worked(self) -> float:
        """Return how many processor seconds the engine itself has taken, without what it started."""
        try:
            told = psutil.Process(self._process.pid).cpu_times()
        except psutil.Error:
            return 0.0
        return float(told.user + told.system)

    def wait(self) -> int:
        """Return the exit status once the engine has ended."""
        return self._process.wait()

    def last_words(self, lines: int = 1) -> str:
        """Return the end of what the engine wrote to standard error; a refusal is its last line."""
        text = self._errors.read_text(errors="replace")
        return "\n".join(text.strip().splitlines()[-lines:])

    def stop(self) -> None:
        """End the engine and whatever it started: politely, then for good."""
        for sign in (signal.SIGTERM, signal.SIGKILL):
            with contextlib.suppress(ProcessLookupError):
                os.killpg(self._process.pid, sign)
            with contextlib.suppress(subprocess.TimeoutExpired):
                self._process.wait(GRACE_SECONDS)
                return

    def _listen(self) -> None:
        assert self._process.stdout is not None
        for line in self._process.stdout:
            self._lines.put(line.rstrip())
        self._lines.put(None)


def _private(process: psutil.Process) -> int:
    """Return the memory that is the process's own; what it shares with its parent is counted there."""
    try:
        told = process.memory_info()
    except psutil.Error:
        return 0
    return int(told.rss - told.shared)


def _environment(threads: int) -> dict[str, str]:
    passed = {name: os.environ[name] for name in PASSED_ON if name in os.environ}
    one_number = dict.fromkeys(
        ("OMP_NUM_THREADS", "OPENBLAS_NUM_THREADS", "TF_NUM_INTRAOP_THREADS", "TF_NUM_INTEROP_THREADS"),
        str(threads),
    )
    return {**passed, **one_number, "TF_CPP_MIN_LOG_LEVEL": "2", "PYTHONUNBUFFERED": "1"}


def _lower() -> None:
    """Run between fork and exec: give way to everything else, and end when the worker ends."""
    os.nice(19)
    # Above being nice: it computes only when nobody else on this machine wants to.
    os.sched_setscheduler(0, os.SCHED_IDLE, _NO_PRIORITY)
    _libc.prctl(PR_SET_PDEATHSIG, signal.SIGKILL)
