"""Builds differentials for tests from leukocyte counts by name."""

from decimal import Decimal

from predictions.differential.counts import CountsAs, SmudgePolicy, Tally, count_differential


def counted(wbc=None, *, policy=SmudgePolicy.APART, unidentified=0, apart=(), **leukocytes):
    """``counted("5.0", neutrophil=60)``; ``apart`` holds (code, counts as, number) of all other classes."""
    tallies = [Tally(code, CountsAs.LEUKOCYTE, number) for code, number in leukocytes.items()]
    tallies += [Tally(*entry) for entry in apart]
    return count_differential(
        tallies,
        unidentified=unidentified,
        wbc=None if wbc is None else Decimal(wbc),
        smudge_policy=policy,
    )
