"""Whether what a model reads, or says of it, is still what it was: two samples of numbers or counts compared.

Shares (of classes, of bins of confidence) are compared by the population stability index, which is the
symmetric Kullback-Leibler divergence; below 0.1 nothing has happened, above 0.25 something has (E. M. Lewis,
An Introduction to Credit Scoring, 1994; N. Siddiqi, Credit Risk Scorecards, 2006). Single values are compared
by the two-sample Kolmogorov-Smirnov distance. Both grow by chance alone where little was seen: the index is
then distributed as (1/n + 1/m) times chi-square (B. Yurdakul and J. Naranjo, Statistical properties of the
population stability index, Journal of Risk Model Validation 14(4), 2020), the distance is bounded as
N. V. Smirnov has shown (1948). So a limit counts as passed only where chance does not pass it.
"""

from __future__ import annotations

import math
import sys
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from enum import StrEnum

import numpy as np
from scipy.special import chdtri

# Bins of confidence, finest where most answers lie.
CONFIDENCES = (0.5, 0.7, 0.8, 0.9, 0.95, 0.98, 0.99, 0.995)


class Kind(StrEnum):
    """How something is compared."""

    SHARES = "psi"
    VALUES = "ks"


class Verdict(StrEnum):
    """What a comparison says, from the mildest on."""

    FEW = "few"
    STEADY = "steady"
    WATCH = "watch"
    ALARM = "alarm"


@dataclass(frozen=True, slots=True)
class Limits:
    """From where on a distance is worth watching and an alarm, for each kind.

    ``chance`` is how often a comparison of what has not changed may pass what chance explains. Less than
    ``least_units`` samples or ``least_counts`` counts on either side are too few to say anything.
    """

    psi: tuple[float, float] = (0.1, 0.25)
    ks: tuple[float, float] = (0.2, 0.35)
    chance: float = 0.001
    least_units: int = 20
    least_counts: int = 100

    def worse_from(self, kind: Kind, distance: float) -> float:
        """Return from where on what was ``distance`` is notably worse.

        It has then grown by as much as lies between worth watching and an alarm, or by a quarter.
        """
        watch, alarm = self.psi if kind == Kind.SHARES else self.ks
        return distance + max(alarm - watch, distance / 4)


@dataclass(frozen=True, slots=True)
class Seen:
    """What was seen in some time: single ``values`` by name, and ``shares`` by name as counts by category.

    ``units`` is of how many independent things: cells of one smear resemble each other, so a thousand cells
    of three smears say little about a laboratory.
    """

    units: int
    values: Mapping[str, Sequence[float]]
    shares: Mapping[str, Mapping[str, int]]


@dataclass(frozen=True, slots=True)
class Measure:
    """One comparison: the distance, what chance alone explains, and how much was seen before and now.

    ``direction`` says where to: ``up`` or ``down`` for values, by their medians; for shares the category that
    has grown most. It is empty where too little was seen.
    """

    name: str
    kind: Kind
    distance: float
    chance: float
    before: int
    now: int
    verdict: Verdict
    direction: str = ""


def compare(before: Seen, now: Seen, limits: Limits) -> list[Measure]:
    """Return a measure for every name in ``before``; what ``now`` lacks counts as nothing seen."""
    if min(before.units, now.units) < limits.least_units:
        limits = replace(limits, least_units=sys.maxsize, least_counts=sys.maxsize)
    values = [_values(name, old, now.values.get(name, ()), limits) for name, old in before.values.items()]
    shares = [_shares(name, old, now.shares.get(name, {}), limits) for name, old in before.shares.items()]
    return values + shares


def stability_index(before: Mapping[str, int], now: Mapping[str, int]) -> float:
    """Return the population stability index of two sets of counts by category.

    Half a count is added to each, so that a category that was never seen before has a share at all.
    """
    names = sorted(before.keys() | now.keys())
    old, new = (np.array([counts.get(name, 0) + 0.5 for name in names]) for counts in (before, now))
    old, new = old / old.sum(), new / new.sum()
    return float(np.sum((new - old) * np.log(new / old)))


def _shares(name: str, before: Mapping[str, int], now: Mapping[str, int], limits: Limits) -> Measure:
    n, m, categories = sum(before.values()), sum(now.values()), len(before.keys() | now.keys())
    if min(n, m) < limits.least_counts or categories < 2:
        return Measure(name, Kind.SHARES, 0, 0, n, m, Verdict.FEW)
    chance = (1 / n + 1 / m) * float(chdtri(categories - 1, limits.chance))
    distance = stability_index(before, now)
    grown = max(sorted(now), key=lambda category: now[category] / m - before.get(category, 0) / n)
    return Measure(name, Kind.SHARES, distance, chance, n, m, _verdict(distance, chance, limits.psi), grown)


def _values(name: str, before: Sequence[float], now: Sequence[float], limits: Limits) -> Measure:
    from scipy.stats import ks_2samp  # noqa: PLC0415 -- scipy.stats takes half a second and 45 MB to load

    n, m = len(before), len(now)
    if min(n, m) < limits.least_units:
        return Measure(name, Kind.VALUES, 0, 0, n, m, Verdict.FEW)
    chance = math.sqrt(-math.log(limits.chance / 2) / 2 * (n + m) / (n * m))
    distance = float(ks_2samp(before, now).statistic)
    moved = "up" if np.median(now) > np.median(before) else "down"
    return Measure(name, Kind.VALUES, distance, chance, n, m, _verdict(distance, chance, limits.ks), moved)


def _verdict(distance: float, chance: float, limits: tuple[float, float]) -> Verdict:
    watch, alarm = limits
    if distance < watch or distance <= chance:
        return Verdict.STEADY
    return Verdict.ALARM if distance >= alarm else Verdict.WATCH
