"""How often 95 % limits hold a share's true value: Wilson's at the effective number, and from drawn groups.

python -m bench.intervals [--times 1000]

One line for each design: true share, groups, cells of a group on average, how alike these are, then how often
the limits held the truth and how wide they were, drawn first. Takes about a minute.
"""

from __future__ import annotations

import argparse

import numpy as np
from numpy.random import Generator

from mlcore.engine.proportion import Flags, Groups, proportion, summed
from mlcore.engine.statistics import resampled

DESIGNS = [
    (share, groups, size, alike)
    for share in (0.8, 0.95, 0.98)
    for groups, size, alike in ((20, 1, 0.0), (64, 1, 0.0), (64, 5, 0.2), (300, 2, 0.2))
]


def answers(random: Generator, share: float, groups: int, size: int, alike: float) -> tuple[Flags, Groups]:
    """Draw which cells are right; those of a group are as much alike as the correlation ``alike`` says."""
    members = np.repeat(np.arange(groups), random.integers(1, 2 * size, groups))
    truth = np.full(groups, share)
    if alike:
        truth = random.beta(share * (1 - alike) / alike, (1 - share) * (1 - alike) / alike, groups)
    return random.random(len(members)) < truth[members], members


def drawn(right: Flags, groups: Groups) -> tuple[float, float]:
    """Return the middle 95 % of the shares in samples of the groups."""
    hits, sizes = resampled(summed(np.column_stack([right, np.ones(len(right))]), groups)).T
    low, high = np.quantile(hits / sizes, [0.025, 0.975])
    return float(low), float(high)


def main() -> None:
    """Measure every design."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--times", type=int, default=1000)
    times = parser.parse_args().times
    random = np.random.default_rng(0)
    for design in DESIGNS:
        limits = np.empty((times, 2, 2))
        for turn in range(times):
            right, groups = answers(random, *design)
            found = proportion(right, groups)
            limits[turn] = drawn(right, groups), (found.low, found.high)
        held = ((limits[..., 0] <= design[0]) & (design[0] <= limits[..., 1])).mean(axis=0)
        width = (limits[..., 1] - limits[..., 0]).mean(axis=0)
        print(
            *design,
            *(f"{100 * one:.1f} % held, {two:.3f} wide" for one, two in zip(held, width, strict=True)),
            sep="  ",
        )


if __name__ == "__main__":
    main()
