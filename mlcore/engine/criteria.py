"""What a candidate has to show beside the active model, criterion by criterion, from outcomes alone."""

from __future__ import annotations

from collections.abc import Collection, Iterator, Mapping, Sequence
from dataclasses import dataclass

import numpy as np

from mlcore.engine.noninferiority import (
    Difference,
    Verdict,
    at_least,
    not_inferior,
    paired_difference,
)
from mlcore.engine.paired import CellOutcome
from mlcore.engine.proportion import Flags, Groups, Proportion, proportion
from mlcore.engine.seen import Seen
from mlcore.engine.statistics import calibration_error_interval

Pairs = Sequence[tuple[CellOutcome, CellOutcome]]


@dataclass(frozen=True, slots=True)
class Policy:
    """What the gate asks for; every figure is a share of 1.

    ``margin`` is by how much a class may be worse than with the active model. ``calibration`` is the expected
    calibration error at most, ``coverage`` how much must be answered at least, ``answers`` how much of what
    is answered must be right at least.
    """

    margin: float = 0.02
    calibration: float = 0.10
    coverage: float = 0.70
    answers: float = 0.95


@dataclass(frozen=True, slots=True)
class Criterion:
    """One question of the gate with its answer.

    ``name`` is ``recall``, ``precision``, ``leak``, ``calibration``, ``coverage`` or ``answers``; ``label``
    the class it is about, empty where it is about all. ``value``, ``low`` and ``high`` are what was measured
    (for classes: candidate less active), ``wanted`` the limit, ``cells`` and ``groups`` what it rests on.
    ``note`` says why there is no figure: ``unknown``, ``base_unknown``, ``frozen_without``, ``never_named``,
    ``not_by_active``. ``alike`` is how many test pictures are copies of seen ones, beside the ``value`` of a
    leak; None where it could not be told.
    """

    name: str
    label: str
    verdict: Verdict
    wanted: float
    value: float | None = None
    low: float | None = None
    high: float | None = None
    active: float | None = None
    candidate: float | None = None
    cells: int = 0
    groups: int = 0
    note: str = ""
    alike: int | None = None


def criteria(pairs: Pairs, policy: Policy) -> list[Criterion]:
    """Return every criterion but the leak, for ``pairs`` of the active model's word and the candidate's."""
    return [*_classes(pairs, policy), *_targets([candidate for _active, candidate in pairs], policy)]


def no_leak(tested: Mapping[str, str], seen: Seen) -> Criterion:
    """Say whether the candidate has seen one of the ``tested`` pictures, or a copy of one.

    ``tested`` holds hash and look of each test picture's whole group, empty ones for pictures that were
    frozen without. Without a hash, or where the candidate or a model that it goes back to does not say what
    it was trained on, nothing is proven. Copies are looked for where all looks are known; sets and models
    from before looks were taken are still judged by hashes alone, and the criterion says so.
    """
    return leak_found(tested, seen, seen.among_as_copies(tested))


def leak_found(tested: Collection[str], seen: Seen, copies: Collection[str] | None) -> Criterion:
    """Say what ``no_leak`` says where the looks of the ``copies`` are known already."""
    exact = seen.among(tested)
    leaked = bool(exact or copies)
    note = "" if leaked else _unknown(tested, seen)
    verdict = Verdict.FAILED if leaked else Verdict.NOT_PROVEN if note else Verdict.PASSED
    alike = None if copies is None else len(copies)
    return Criterion(
        "leak", "", verdict, 0.0, value=float(len(exact)), cells=len(tested), note=note, alike=alike
    )


def _unknown(tested: Collection[str], seen: Seen) -> str:
    """Return why it cannot be told whether the pictures were seen; empty where it can."""
    if "" in tested:
        return "frozen_without"
    if seen.untold:
        return "base_unknown" if seen.pixels else "unknown"
    return ""


def _classes(pairs: Pairs, policy: Policy) -> Iterator[Criterion]:
    groups = _groups([active for active, _candidate in pairs])
    truths = np.asarray([active.truth for active, _candidate in pairs])
    one = np.asarray([active.label for active, _candidate in pairs])
    two = np.asarray([candidate.label for _active, candidate in pairs])
    for label in sorted(set(truths.tolist())):
        own, old, new = truths == label, one == label, two == label
        recall = paired_difference(old & own, new & own, groups, of_first=own, of_second=own)
        yield _compared("recall", label, recall, policy)
        yield _precision(label, own, (old, new), groups, policy)


def _precision(
    label: str, own: Flags, named: tuple[Flags, Flags], groups: Groups, policy: Policy
) -> Criterion:
    """Compare what deserved the name among what each model gave it to."""
    old, new = named
    if not new.any():
        return Criterion("precision", label, Verdict.NOT_PROVEN, -policy.margin, note="never_named")
    if not old.any():
        share = proportion(own[new], groups[new])
        note = "not_by_active"
        return Criterion(
            "precision",
            label,
            Verdict.PASSED,
            -policy.margin,
            candidate=share.value,
            cells=share.cells,
            note=note,
        )
    found = paired_difference(own & old, own & new, groups, of_first=old, of_second=new)
    return _compared("precision", label, found, policy)


def _compared(name: str, label: str, found: Difference, policy: Policy) -> Criterion:
    return Criterion(
        name=name,
        label=label,
        verdict=not_inferior(found, policy.margin),
        wanted=-policy.margin,
        value=found.value,
        low=found.low,
        high=found.high,
        active=found.first.value,
        candidate=found.second.value,
        cells=found.second.cells,
        groups=found.groups,
    )


def _targets(outcomes: Sequence[CellOutcome], policy: Policy) -> Iterator[Criterion]:
    """Yield the candidate's own targets: calibration, coverage, and how many of its answers are right."""
    groups = _groups(outcomes)
    number = len(np.unique(groups))
    right = np.asarray([one.right for one in outcomes])
    confidence = np.asarray([one.confidence for one in outcomes], dtype=np.float32)
    error = calibration_error_interval(confidence, right, groups)
    verdict = at_least(-error["high"], -error["low"], -policy.calibration)
    told = Proportion(error["value"], error["low"], error["high"], len(outcomes), number)
    yield _measured("calibration", verdict, policy.calibration, told, number)
    answered = np.asarray([not one.abstained for one in outcomes])
    share = proportion(answered, groups)
    yield _measured(
        "coverage", at_least(share.low, share.high, policy.coverage), policy.coverage, share, number
    )
    if not answered.any():
        yield Criterion("answers", "", Verdict.NOT_PROVEN, policy.answers, note="never_named")
        return
    good = proportion(right[answered], groups[answered])
    number = len(np.unique(groups[answered]))
    yield _measured("answers", at_least(good.low, good.high, policy.answers), policy.answers, good, number)


def _measured(name: str, verdict: Verdict, wanted: float, share: Proportion, groups: int) -> Criterion:
    return Criterion(
        name=name,
        label="",
        verdict=verdict,
        wanted=wanted,
        value=share.value,
        low=share.low,
        high=share.high,
        cells=share.cells,
        groups=groups,
    )


def _groups(outcomes: Sequence[CellOutcome]) -> Groups:
    """Number the groups of ``outcomes``."""
    _names, numbers = np.unique([one.group for one in outcomes], return_inverse=True)
    found: Groups = numbers
    return found
