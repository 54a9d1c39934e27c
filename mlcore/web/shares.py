"""Measured shares as text."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Final

# Confidences are single precision: further decimals would say nothing.
MOST_DECIMALS: Final = 6


@dataclass(frozen=True, slots=True)
class Share:
    """A share of 1 with its 95 % interval, where one was measured."""

    value: float
    low: float | None = None
    high: float | None = None

    @property
    def percent(self) -> str:
        """Return the value alone, in percent."""
        return f"{100 * self.value:.1f} %"

    @property
    def limits(self) -> str:
        """Return the interval in percent; empty where none was measured."""
        if self.low is None or self.high is None:
            return ""
        return f"{100 * self.low:.1f}–{100 * self.high:.1f}"

    @property
    def text(self) -> str:
        """Return for example the value in percent followed by its interval in brackets."""
        return f"{self.percent} ({self.limits})" if self.limits else self.percent


def share(value: float | None) -> Share | None:
    """Return ``value`` as a share, or None where it was not measured."""
    return None if value is None else Share(value)


def interval(told: Mapping[str, float]) -> Share:
    """Return a value with its interval as a share."""
    return Share(told["value"], told["low"], told["high"])


def measured(told: float | Mapping[str, float]) -> Share:
    """Return a value as a share, with its interval where it has one."""
    return interval(told) if isinstance(told, Mapping) else Share(told)


def least_share(value: float) -> str | None:
    """Return a least confidence in percent, None where no answer reaches it.

    One just below 1 gets as many decimals as tell it from 100 %, which would read as "never".
    """
    if value > 1:
        return None
    told = (f"{100 * value:.{decimals}f} %" for decimals in range(1, MOST_DECIMALS + 1))
    return next((one for one in told if not one.startswith("100.")), "100 %")


def points(difference: float) -> str:
    """Return a difference of two shares in points, with its sign."""
    return f"{100 * difference:+.1f}".replace("-", "\N{MINUS SIGN}")
