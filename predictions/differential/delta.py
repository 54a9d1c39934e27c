"""The change against the patient's previous sample, class by class."""

from __future__ import annotations

from dataclasses import dataclass
from fractions import Fraction

from predictions.differential.counts import Differential
from predictions.differential.proportions import two_proportions

SIGNIFICANT = 0.05


@dataclass(frozen=True, slots=True)
class Delta:
    """The change of one class from ``previous_percent`` to ``percent``, ``change`` in percentage points.

    ``p`` is the exact two-sided p-value of the two counts; at 0.05 or more the change is
    ``within_counting_error``. The four are None, and the change counts as within error, where one of the two
    samples has no leukocytes.
    """

    code: str
    previous_percent: float | None
    percent: float | None
    change: float | None
    p: float | None
    beyond_limit: bool
    within_counting_error: bool

    @property
    def flagged(self) -> bool:
        """Whether to show the change to the reviewer: beyond the limit, or more than counting error."""
        return self.beyond_limit or not self.within_counting_error


def compare(
    previous: Differential, current: Differential, limit_points: float | None = None
) -> tuple[Delta, ...]:
    """Return the change of every class, in the order of ``current``, then those only ``previous`` has.

    ``limit_points`` is the laboratory's limit: a change of more percentage points is beyond it, even where
    counting error explains it. None takes the exact test at p < 0.05 as the limit. A class that one of the
    two does not have counts there as none of its leukocytes. Each class is tested by itself, so that of
    fourteen unchanged classes one may be flagged by chance.
    """
    codes = dict.fromkeys(row.code for side in (current, previous) for row in side.rows)
    return tuple(_delta(code, previous, current, limit_points) for code in codes)


def _delta(code: str, previous: Differential, current: Differential, limit_points: float | None) -> Delta:
    """Return the change of one class."""
    before, now = previous.number(code), current.number(code)
    if not (previous.total and current.total):
        return Delta(code, None, None, None, None, beyond_limit=False, within_counting_error=True)
    # Fractions, so that 57 % after 47 % is ten points and not a hair less.
    change = float(100 * (Fraction(now, current.total) - Fraction(before, previous.total)))
    p = two_proportions(before, previous.total, now, current.total)
    significant = p < SIGNIFICANT
    return Delta(
        code=code,
        previous_percent=100 * before / previous.total,
        percent=100 * now / current.total,
        change=change,
        p=p,
        beyond_limit=significant if limit_points is None else abs(change) > limit_points,
        within_counting_error=not significant,
    )
