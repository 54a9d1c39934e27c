"""Is a candidate no worse than what it would replace? Two shares measured on the same cells, compared.

Each share has its own limits (``proportion``). The interval of the difference is put together from the two by
squaring and adding, less what the pairing takes away: Newcombe 1998, Statistics in Medicine 17:2635, method
10, in the general form of Zou and Donner 2008, Statistics in Medicine 27:1693. The correlation that the
pairing gives comes from the groups' sums, so the same lines serve recall, where both shares count the same
cells, and predictive values, where each model has named cells of its own (Moskowitz and Pepe 2006, Clinical
Trials 3:272). Both limits hold 95 %, so that a margin is kept with 97.5 % confidence on its one side.
"""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum

import numpy as np

from mlcore.engine.proportion import Flags, Floats, Groups, Proportion, proportion, summed


class Verdict(StrEnum):
    """What the cells say of one criterion; too few of them prove nothing, which is not a pass."""

    PASSED = "passed"
    FAILED = "failed"
    NOT_PROVEN = "not_proven"


@dataclass(frozen=True, slots=True)
class Difference:
    """The second share less the first, with 95 % limits; ``groups`` is how many the cells belong to."""

    value: float
    low: float
    high: float
    groups: int
    first: Proportion
    second: Proportion


def paired_difference(
    first: Flags, second: Flags, groups: Groups, *, of_first: Flags, of_second: Flags
) -> Difference:
    """Return the share of ``second`` among ``of_second`` less that of ``first`` among ``of_first``.

    All have shape (n,), one place for each cell. For recall both denominators are the cells of a class; for a
    predictive value each is what that model gave the name to.

    Raises:
        ValueError: one of the denominators is empty.
    """
    one = proportion(first[of_first], groups[of_first])
    two = proportion(second[of_second], groups[of_second])
    along = _correlation(one, two, _pulls(first, of_first, groups), _pulls(second, of_second, groups))
    value = two.value - one.value
    low = value - _together(two.value - two.low, one.high - one.value, along)
    high = value + _together(two.high - two.value, one.value - one.low, along)
    counted = len(np.unique(groups[of_first | of_second]))
    return Difference(value, max(low, -1.0), min(high, 1.0), counted, one, two)


def not_inferior(difference: Difference, margin: float) -> Verdict:
    """Say whether the second share is at most ``margin`` below the first.

    It is where the whole interval lies above ``-margin``. It has failed where the interval lies wholly below
    zero without that; everything else is not proven at this number of cells.
    """
    if difference.low >= -margin:
        return Verdict.PASSED
    return Verdict.FAILED if difference.high < 0 else Verdict.NOT_PROVEN


def at_least(low: float, high: float, wanted: float) -> Verdict:
    """Say whether a figure with the limits ``low`` and ``high`` reaches ``wanted``."""
    if low >= wanted:
        return Verdict.PASSED
    return Verdict.FAILED if high < wanted else Verdict.NOT_PROVEN


def _pulls(right: Flags, counted: Flags, groups: Groups) -> Floats:
    """Return for each group how far it pulls the share from its value, shape (groups,)."""
    share = right[counted].mean()
    pulls: Floats = summed(np.where(counted, right - share, 0.0)[:, None], groups)[:, 0]
    return pulls


def _correlation(one: Proportion, two: Proportion, first: Floats, second: Floats) -> float:
    """Return how much two shares move together, -1..1; being alike is reduced where few errors show it."""
    length = float(np.sqrt((first**2).sum() * (second**2).sum()))
    free = [part.effective * part.value * (1 - part.value) for part in (one, two)]
    if length == 0 or min(free) == 0:
        return 0.0
    along = float((first * second).sum() / length)
    return along if along < 0 else max(0.0, along - float(0.5 / np.sqrt(free[0] * free[1])))


def _together(up: float, down: float, along: float) -> float:
    return float(np.sqrt(max(0.0, up**2 - 2 * along * up * down + down**2)))
