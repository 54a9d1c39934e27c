"""One line on the terminal that says how far it is; nothing where nobody looks."""

from __future__ import annotations

import sys
from types import TracebackType
from typing import Final, Self

WIDTH: Final = 30


class Progress:
    """A bar on standard error, for a terminal only.

    Args:
        word: what is done with each, such as ``sent``.
        total: how many there are.
    """

    def __init__(self, word: str, total: int) -> None:
        self._word, self._total = word, total
        self._shown = sys.stderr.isatty() and total > 0

    def __enter__(self) -> Self:
        self.at(0)
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        if self._shown:
            print(file=sys.stderr)

    def at(self, count: int) -> None:
        """Say that so many are done."""
        if self._shown:
            full = WIDTH * count // self._total
            bar = "█" * full + "·" * (WIDTH - full)
            print(f"\r{bar} {count} of {self._total} {self._word}", end="", file=sys.stderr, flush=True)
