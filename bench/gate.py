"""How often does the gate pass a candidate that is worse by exactly the margin, and how often an equal one?

Two models are drawn that name cells rightly with known shares: every cell is easier or harder for both, and
cells of one group (copies, a patient) hang together. The candidate's share lies exactly the margin below the
active one's, so every pass is the error that 97.5 % confidence allows in one of forty. Predictive values are
drawn with names for a second class beside. Last comes the calibration of a model that means what it says, by
the number of its cells. It fails where a pass is more frequent than ``BOUND``.
Usage: .venv/bin/python bench/gate.py [--times 2000]
"""

import argparse
import itertools
from collections.abc import Callable
from typing import NamedTuple

import numpy as np
from scipy.stats import norm

from mlcore.engine.noninferiority import Verdict, at_least, not_inferior, paired_difference
from mlcore.engine.statistics import calibration_error_interval

MARGIN, CALIBRATION = 0.02, 0.10
NOMINAL, BOUND = 0.025, 0.05
# The part of a cell's difficulty that both models share, of what the group does not decide.
SHARED = 0.5
SHARES = (0.80, 0.95, 0.99)
DESIGNS = ("one cell each", "five each", "one to forty each")
ALIKE = (0.0, 0.3, 0.6)
GROUPS = (30, 100, 300)


class Drawn(NamedTuple):
    """What is drawn: how many groups of which sizes, how much each hangs together, the active's share."""

    cells: str
    alike: float
    share: float
    groups: int


class Rates(NamedTuple):
    """How often an inferior candidate passed, and an equal one."""

    inferior: float
    equal: float


def sizes(design: str, groups: int, random: np.random.Generator) -> np.ndarray:
    """Return how many cells each group has."""
    if design == DESIGNS[0]:
        return np.ones(groups, dtype=int)
    if design == DESIGNS[1]:
        return np.full(groups, 5)
    return np.minimum(40, np.floor(np.exp(random.exponential(1.2, groups))).astype(int))


def rights(names: np.ndarray, shares: tuple[float, float], alike: float, random: np.random.Generator) -> list:
    """Return for each of two models which cells it names rightly; each share holds for every cell."""
    group = random.normal(size=names.max() + 1)[names] * np.sqrt(alike)
    cell = random.normal(size=len(names)) * np.sqrt((1 - alike) * SHARED)
    own = np.sqrt((1 - alike) * (1 - SHARED))
    return [group + cell + own * random.normal(size=len(names)) < norm.ppf(share) for share in shares]


def recall(names: np.ndarray, shares: tuple[float, float], alike: float, random: np.random.Generator) -> bool:
    """Return whether a draw of recalls passes."""
    first, second = rights(names, shares, alike, random)
    every = np.ones(len(names), dtype=bool)
    found = paired_difference(first, second, names, of_first=every, of_second=every)
    return not_inferior(found, MARGIN) is Verdict.PASSED


def predictive(
    names: np.ndarray, shares: tuple[float, float], alike: float, random: np.random.Generator
) -> bool:
    """Return whether a draw of predictive values passes; as many cells are of another class."""
    named = 0.95
    own = np.concatenate([np.ones(len(names), dtype=bool), np.zeros(len(names), dtype=bool)])
    groups = np.concatenate([names, names + names.max() + 1])
    hits = rights(names, (named, named), alike, random)
    wrong = tuple(named * (1 - share) / share for share in shares)
    false = rights(names, (wrong[0], wrong[1]), alike, random)
    old, new = (np.concatenate(pair) for pair in zip(hits, false, strict=True))
    if not old.any() or not new.any():
        return False
    found = paired_difference(own & old, own & new, groups, of_first=old, of_second=new)
    return not_inferior(found, MARGIN) is Verdict.PASSED


def rates(draw: Callable[..., bool], drawn: Drawn, times: int) -> Rates:
    """Return how often ``draw`` passes with a candidate at the margin, and with an equal one."""
    random = np.random.default_rng(11)
    passed = [0, 0]
    for _time in range(times):
        names = np.repeat(np.arange(drawn.groups), sizes(drawn.cells, drawn.groups, random))
        for place, worse in enumerate((MARGIN, 0.0)):
            passed[place] += draw(names, (drawn.share, drawn.share - worse), drawn.alike, random)
    return Rates(passed[0] / times, passed[1] / times)


def calibration(cells: int, times: int) -> dict[Verdict, float]:
    """Return what is said of a model whose confidence is exactly how often it is right."""
    random, told = np.random.default_rng(5), dict.fromkeys(Verdict, 0.0)
    for _time in range(times):
        confidence = 1 - random.beta(0.4, 4, cells).astype(np.float32) / 2
        right = random.random(cells) < confidence
        error = calibration_error_interval(confidence, right, np.arange(cells))
        told[at_least(-error["high"], -error["low"], -CALIBRATION)] += 1 / times
    return told


def main() -> None:
    """Draw, print, judge."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--times", type=int, default=2000)
    times = parser.parse_args().times
    worst = 0.0
    print(
        f"{'figure':12}{'cells of a group':20}{'alike':>6}{'share':>7}{'groups':>8}{'worse':>8}{'equal':>8}"
    )
    for draw, *one in itertools.product((recall, predictive), DESIGNS, ALIKE, SHARES, GROUPS):
        drawn = Drawn(*one)
        if drawn.cells == DESIGNS[0] and drawn.alike:
            continue
        told = rates(draw, drawn, times)
        worst = max(worst, told.inferior)
        print(
            f"{draw.__name__:12}{drawn.cells:20}{drawn.alike:6.1f}{drawn.share:7.2f}{drawn.groups:8}", end=""
        )
        print(f"{told.inferior:8.2%}{told.equal:8.1%}", flush=True)
    print(f"\nan inferior candidate passed in at most {worst:.2%}; meant {NOMINAL:.1%}, allowed {BOUND:.0%}")
    for cells in (30, 60, 120, 250, 500):
        said = ", ".join(
            f"{name.value} {share:.1%}" for name, share in calibration(cells, times // 10).items()
        )
        print(f"calibration of an honest model on {cells} cells: {said}")
    raise SystemExit(worst > BOUND)


if __name__ == "__main__":
    main()
