"""The decoder as the portal has it: a process that is asked about one file at a time, against a clock."""

from __future__ import annotations

import contextlib
import os
import signal
import subprocess
import sys
import threading
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

from predictions.decoding.clean import JPEG, PNG, Picture
from predictions.decoding.refused import Refused
from predictions.decoding.wire import OUT_OF_MEMORY, receive, send

SOURCE: Final = Path(__file__).resolve().parents[2]
START_SECONDS: Final = 30
# For a process that has no more to do than to end.
GRACE_SECONDS: Final = 2
# Without these Python may not start at all; none of them holds anything that is secret.
PASSED_ON: Final = ("LD_LIBRARY_PATH",)
# A stored picture has up to three bytes for each pixel, and something around them.
BYTES_PER_PIXEL: Final = 4


@dataclass(frozen=True, slots=True)
class Limits:
    """What one file may take: ``memory`` in bytes of address space, ``seconds`` of time, pixels."""

    memory: int
    seconds: float
    max_pixels: int


class Ended(Exception):  # noqa: N818 -- the name says what happened
    """The decoder ended in the middle of a file. ``code`` is why: a word of ``predictions.refusals``."""

    def __init__(self, code: str, status: int) -> None:
        super().__init__(f"{code}, status {status}")
        self.code = code
        self.status = status


class Decoder:
    """A running ``python -m predictions.decoding``; whoever has it lets one thread at a time ask.

    It knows nothing of the portal: its environment is empty and no descriptor of the portal is open in it. It
    ends with the portal, whose end closes its standard input.
    """

    def __init__(self, limits: Limits) -> None:
        """Start it and wait until it is ready.

        Raises:
            OSError: it does not start; why is in the log of the portal.
        """
        self.limits = limits
        self.answered = 0
        # A clock of the processor is the second lock on the same door: it also ends what is an orphan.
        told = (limits.memory, limits.seconds, limits.max_pixels)
        self._process = subprocess.Popen(  # noqa: S603 -- a list of our own arguments, no shell
            [sys.executable, "-s", "-m", "predictions.decoding", *map(str, told)],
            cwd=SOURCE,
            env={name: os.environ[name] for name in PASSED_ON if name in os.environ},
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
        )
        assert self._process.stdin is not None
        assert self._process.stdout is not None
        self._in, self._out = self._process.stdin, self._process.stdout
        try:
            with self._clock(START_SECONDS, threading.Event()):
                receive(self._out, most=0)
        except (OSError, EOFError, ValueError):
            raise OSError(f"The decoder does not start, status {self.close()}.") from None

    @property
    def pid(self) -> int:
        """Its process."""
        return self._process.pid

    @property
    def alive(self) -> bool:
        """Whether it can be asked."""
        return self._process.poll() is None

    def ask(self, content: bytes) -> Picture:
        """Return the picture in a file.

        Raises:
            Refused: the file is not taken.
            Ended: the decoder ended in the middle of it, of itself or because the file took too long.
        """
        self.answered += 1
        late = threading.Event()
        try:
            with self._clock(self.limits.seconds, late):
                send(self._in, {}, content)
                facts, made = receive(self._out, most=BYTES_PER_PIXEL * self.limits.max_pixels + 1_000_000)
            return self._picture(facts, made)
        except (OSError, EOFError, ValueError, KeyError, TypeError):
            raise self._ended(late=late.is_set()) from None

    def close(self) -> int:
        """End it, and return the status with which it ended; 0 where it had to be made to."""
        with contextlib.suppress(OSError):
            self._in.close()
        try:
            return self._process.wait(GRACE_SECONDS)
        except subprocess.TimeoutExpired:
            self._process.kill()
            self._process.wait()
            return 0
        finally:
            self._out.close()

    @contextlib.contextmanager
    def _clock(self, seconds: float, late: threading.Event) -> Iterator[None]:
        """Kill it where the block takes longer; ``late`` then says so, and nothing is left of it."""

        def stop() -> None:
            late.set()
            self._process.kill()

        clock = threading.Timer(seconds, stop)
        clock.daemon = True
        clock.start()
        try:
            yield
        finally:
            clock.cancel()
            clock.join()
            if late.is_set():
                self._process.wait()

    def _picture(self, facts: dict[str, Any], content: bytes) -> Picture:
        """Read an answer as one of a program that strangers may have taken over."""
        if "refused" in facts:
            raise Refused(facts["refused"], **facts["numbers"])
        width, height = int(facts["width"]), int(facts["height"])
        if facts["media_type"] not in {JPEG, PNG} or not 0 < width * height <= self.limits.max_pixels:
            raise ValueError("This is no picture that could have been asked for.")
        return Picture(content, facts["media_type"], width, height)

    def _ended(self, *, late: bool) -> Ended:
        status = self.close()
        if late or status == -signal.SIGXCPU:
            return Ended("took_too_long", status)
        # Where nobody else does, the kernel kills like this: the machine or the container is out of memory.
        starved = status in {OUT_OF_MEMORY, -signal.SIGKILL}
        return Ended("took_too_much_memory" if starved else "damaged", status)
