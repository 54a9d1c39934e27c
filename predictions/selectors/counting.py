"""How many cells of each type samples hold, counted in the database, and the differential of that."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from uuid import UUID

from django.db.models import Case, CharField, Count, F, Q, Value, When

from predictions.differential.counts import CountsAs, Differential, Tally, count_differential
from predictions.models import Cell, CellType, Sample
from predictions.selectors.readings import last_verdict, newest_readings
from predictions.selectors.rules import RulesInForce

Counted = dict[str, int]


def tallied(samples: Sequence[UUID]) -> dict[UUID, Counted]:
    """Return for each sample how many cells have which type now, '' being unidentified; two queries.

    The same rule as ``CellState.code``: a person's word, else the model's where it did not abstain and the
    catalogue has its class in use.
    """
    known = list(CellType.objects.filter(active=True).values_list("pk", flat=True))
    code = Case(
        When(verdict__isnull=False, then=F("verdict")),
        When(Q(abstained=True) | ~Q(label__in=known), then=Value("")),
        default=F("label"),
        output_field=CharField(),
    )
    rows = (
        Cell.objects.filter(analysis__in=newest_readings(samples).values("pk"))
        .order_by()
        .annotate(verdict=last_verdict(), sample=F("analysis__field__sample"))
        .annotate(code=code)
        .values("sample", "code")
        .annotate(number=Count("pk"))
        .values_list("sample", "code", "number")
    )
    told: dict[UUID, Counted] = {sample: {} for sample in samples}
    for sample, kind, number in rows:
        told[sample][kind] = number
    return told


def differential(
    sample: Sample,
    counted: Mapping[str, int],
    types: Sequence[CellType],
    in_force: RulesInForce,
) -> Differential:
    """Return the differential of a sample whose cells were ``tallied``; ``types`` is the whole catalogue.

    Every type in use has a row, and one that is not has a row where it was given before.
    """
    tallies = [
        Tally(kind.code, CountsAs(kind.counts_as), counted.get(kind.code, 0))
        for kind in types
        if kind.active or counted.get(kind.code)
    ]
    policy = in_force.smudge_policy
    return count_differential(tallies, unidentified=counted.get("", 0), wbc=sample.wbc, smudge_policy=policy)
