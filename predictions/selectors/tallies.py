"""What is kept beside samples so that lists need not count: how many cells of each type, and flags."""

from __future__ import annotations

from collections.abc import Sequence
from uuid import UUID

from predictions.differential.counts import Differential
from predictions.differential.criticals import criticals
from predictions.models import Analysis, CellType, Flag, Sample, SampleTally
from predictions.selectors.counting import Counted
from predictions.selectors.delta import against_previous
from predictions.selectors.readings import newest_readings
from predictions.selectors.rules import RulesInForce


def stored_tallies(samples: Sequence[UUID]) -> dict[UUID, Counted]:
    """Return what ``tallied`` counts, from the rows that are kept of it; one query."""
    told: dict[UUID, Counted] = {sample: {} for sample in samples}
    rows = SampleTally.objects.filter(sample__in=samples).values_list("sample", "code", "number")
    for sample, code, number in rows:
        told[sample][code] = number
    return told


def poor_images(samples: Sequence[UUID]) -> set[UUID]:
    """Return those samples of which a field's newest reading names a flaw of the picture; one query."""
    flawed = Analysis.objects.filter(pk__in=newest_readings(samples).values("pk")).exclude(quality=[])
    return {sample for sample in flawed.values_list("field__sample", flat=True) if sample}


def flags_of(
    sample: Sample, counted: Differential, types: list[CellType], in_force: RulesInForce, *, poor: bool
) -> list[str]:
    """Return the flags of a sample in the order of ``Flag``; two queries where its patient is known.

    A critical value stays a flag when somebody has noted it. A change since the previous sample is one where
    it is beyond the laboratory's limit and counting error does not explain it.
    """
    previous = against_previous(sample, counted, types, in_force)
    deltas = previous.deltas if previous else ()
    names = {kind.code: kind.name for kind in types}
    holds = {
        Flag.CRITICAL: bool(criticals(counted, in_force.limits, names)),
        Flag.DELTA: any(one.beyond_limit and not one.within_counting_error for one in deltas),
        Flag.LOW_QUALITY: poor,
        Flag.UNIDENTIFIED: bool(counted.unidentified),
    }
    return [flag.value for flag, held in holds.items() if held]
