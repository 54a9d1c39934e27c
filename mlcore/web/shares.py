"""Measured shares as text."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Share:
    """A share of 1 with its 95 % interval, where one was measured."""

    value: float
    low: float | None = None
    high: float | None = None

    @property
    def text(self) -> str:
        """Return for example the value in percent followed by its interval in brackets."""
        text = f"{100 * self.value:.1f} %"
        if self.low is None or self.high is None:
            return text
        return f"{text} ({100 * self.low:.1f}–{100 * self.high:.1f})"


def share(value: float | None) -> Share | None:
    """Return ``value`` as a share, or None where it was not measured."""
    return None if value is None else Share(value)


def interval(measured: Mapping[str, float]) -> Share:
    """Return a value with its interval as a share."""
    return Share(measured["value"], measured["low"], measured["high"])
