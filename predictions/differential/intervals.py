"""How well a count of cells knows a share: counting error only, nothing of smear, stain or reader."""

from __future__ import annotations

from dataclasses import dataclass

from scipy.special import betaincinv

CONFIDENCE = 0.95


@dataclass(frozen=True, slots=True)
class Interval:
    """The limits of a share (0 to 1) or, once scaled, of a concentration."""

    low: float
    high: float

    @property
    def half_width(self) -> float:
        """Half the distance of the limits, what is written behind a plus-minus sign."""
        return (self.high - self.low) / 2

    def scaled(self, factor: float) -> Interval:
        """Return the limits times ``factor``, as 100 for percent."""
        return Interval(self.low * factor, self.high * factor)


def clopper_pearson(k: int, n: int, confidence: float = CONFIDENCE) -> Interval:
    """Return the exact two-sided limits of the share that ``k`` cells of ``n`` stand for, 0 to 1.

    Where nothing was counted nothing is known: 0 to 1. These are the limits that Rümke tabulated for the
    differential, rounded outward to whole percent.

    Sources:
        Clopper CJ, Pearson ES. The use of confidence or fiducial limits illustrated in the case of the
        binomial. Biometrika 1934; 26: 404-413.
        Rümke CL. The statistically expected variability in differential leukocyte counting. In: Koepke JA
        (ed.), Differential Leukocyte Counting. College of American Pathologists 1978; the table is used by
        CLSI H20-A2, 2007.

    Raises:
        ValueError: not 0 <= k <= n, or a confidence that is not between 0 and 1.
    """
    check_count(k, n)
    if not 0 < confidence < 1:
        raise ValueError("A confidence lies between 0 and 1.")
    return _limits(k, n, confidence)


def more_cells(k: int, n: int, half_width: float) -> int:
    """Return how many more leukocytes bring the 95 % interval of a class to plus-minus ``half_width`` points.

    ``k`` of the ``n`` leukocytes counted so far belong to the class; the cells to come are taken to hold the
    same share. ``half_width`` is in percentage points, so 5 asks for plus-minus 5 %. 0 where it is reached
    already. Before the first cell a share of one half is assumed, which needs the most cells.

    The same share of n + 1 cells is seldom a whole number of cells. The exact limits are therefore taken at
    the fraction, where they narrow with every further cell, and the smallest number is found by halving.

    Raises:
        ValueError: not 0 <= k <= n, or a half-width of zero or less, which no count reaches.
    """
    check_count(k, n)
    if not half_width > 0:
        raise ValueError("The half-width has to be above zero.")
    part, whole = (k, n) if n else (1, 2)

    def reached(total: int) -> bool:
        return 100 * _limits(part * total / whole, total, CONFIDENCE).half_width <= half_width

    if reached(n):
        return 0
    short, enough = n, 2 * n + 1
    while not reached(enough):
        short, enough = enough, 2 * enough
    while enough - short > 1:
        middle = (short + enough) // 2
        if reached(middle):
            enough = middle
        else:
            short = middle
    return enough - n


def check_count(k: int, n: int) -> None:
    """Refuse a part that is larger than its whole.

    Raises:
        ValueError: not 0 <= k <= n.
    """
    if not 0 <= k <= n:
        raise ValueError(f"{k} of {n} cells is not a count.")


def _limits(k: float, n: int, confidence: float) -> Interval:
    """Return the exact limits as quantiles of the beta distribution, which also take a fraction of a cell.

    ``betaincinv`` is that quantile and thirty times faster than ``scipy.stats.beta.ppf``, which wraps it.
    """
    if n == 0:
        return Interval(0.0, 1.0)
    tail = (1 - confidence) / 2
    low = float(betaincinv(k, n - k + 1, tail)) if k > 0 else 0.0
    high = float(betaincinv(k + 1, n - k, 1 - tail)) if k < n else 1.0
    return Interval(low, high)
