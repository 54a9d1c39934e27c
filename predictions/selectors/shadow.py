"""The shadow beside the active model: the same cells, where they differ, and whom people proved right."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Final
from uuid import UUID

from mlcore.engine.contracts import Box
from mlcore.engine.matching import LEAST_OVERLAP, overlap
from mlcore.engine.statistics import sign_test
from mlcore.registry.models import ModelVersion
from predictions.models import Analysis, Cell, CellReview, ShadowReading

# How many of the newest readings are compared on the page; more would only take longer.
COMPARED: Final = 2000
# How many differing cells are shown, newest first.
SHOWN: Final = 60


@dataclass(frozen=True, slots=True)
class Differing:
    """A cell that both found and named differently; ``verdict`` is a person's word, empty without one."""

    cell: Cell
    label: str
    confidence: float
    abstained: bool
    verdict: str


@dataclass(frozen=True, slots=True)
class Judged:
    """Cells on which a person's word stands, by who of the two had named them so.

    ``p_value`` is McNemar's exact test's.
    """

    cells: int
    both: int
    only_active: int
    only_shadow: int
    neither: int
    p_value: float


@dataclass(frozen=True, slots=True)
class ShadowComparison:
    """What a shadow has read so far, beside what the active model said of the same fields.

    ``matched`` cells overlap by half at least; ``only_active`` and ``only_shadow`` were found by one alone.
    Abstentions count among the matched cells; times are milliseconds for a field, in the mean.
    """

    fields: int
    failed: int
    unfinished: int
    matched: int
    agreed: int
    only_active: int
    only_shadow: int
    active_abstained: int
    shadow_abstained: int
    active_ms: float
    shadow_ms: float
    changes: Sequence[tuple[str, str, int]]
    judged: Judged
    differing: Sequence[Differing]

    @property
    def agreement(self) -> float | None:
        """The share of matched cells that both name alike, or None without any."""
        return self.agreed / self.matched if self.matched else None


@dataclass(frozen=True, slots=True)
class _Match:
    cell: Cell
    said: Mapping[str, Any]
    verdict: str


def shadow_comparison(version: ModelVersion) -> ShadowComparison:
    """Return what ``version`` read in the shadow beside the active readings; five queries."""
    rows = ShadowReading.objects.filter(model_version=version)
    read = list(rows.filter(cells__isnull=False).order_by("-created_at")[:COMPARED])
    analyses = _analyses(version, [one.field_id for one in read])
    read = [one for one in read if one.field_id in analyses]
    cells = _cells(analyses)
    verdicts = _verdicts([cell.pk for own in cells.values() for cell in own])
    matches: list[_Match] = []
    alone = Counter[str]()
    for one in read:
        own = cells.get(analyses[one.field_id].pk, [])
        pairs = list(_matched(own, one.cells or ()))
        matches += [_Match(cell, said, verdicts.get(cell.pk, "")) for cell, said in pairs]
        alone["active"] += len(own) - len(pairs)
        alone["shadow"] += len(one.cells or ()) - len(pairs)
    changed = [match for match in matches if match.said["label"] != match.cell.label]
    counts = Counter((match.cell.label, str(match.said["label"])) for match in changed)
    return ShadowComparison(
        fields=len(read),
        failed=rows.exclude(failure="").count(),
        unfinished=rows.filter(cells__isnull=True, failure="").count(),
        matched=len(matches),
        agreed=len(matches) - len(changed),
        only_active=alone["active"],
        only_shadow=alone["shadow"],
        active_abstained=sum(match.cell.abstained for match in matches),
        shadow_abstained=sum(bool(match.said["abstained"]) for match in matches),
        active_ms=_mean([analyses[one.field_id].milliseconds for one in read]),
        shadow_ms=_mean([one.milliseconds or 0 for one in read]),
        changes=[(*words, number) for words, number in counts.most_common()],
        judged=_judged(matches),
        differing=[_differing(match) for match in changed[:SHOWN]],
    )


def _analyses(version: ModelVersion, fields: Sequence[UUID]) -> dict[UUID, Analysis]:
    """Return the newest reading of each field by another version: that of the active one."""
    rows = Analysis.objects.filter(field__in=fields).exclude(model_version=version)
    newest = rows.order_by("field_id", "-created_at").distinct("field_id")
    return {one.field_id: one for one in newest}


def _cells(analyses: Mapping[UUID, Analysis]) -> dict[UUID, list[Cell]]:
    rows = Cell.objects.filter(analysis__in=list(analyses.values()))
    told: dict[UUID, list[Cell]] = {}
    for cell in rows.defer("probabilities", "reason", "look", "features"):
        told.setdefault(cell.analysis_id, []).append(cell)
    return told


def _verdicts(cells: Sequence[UUID]) -> dict[UUID, str]:
    """Return the word of a person that stands on each cell."""
    rows = CellReview.objects.filter(cell__in=cells).select_related("before")
    last = rows.order_by("cell_id", "-id").distinct("cell_id")
    standing = {one.cell_id: one.standing for one in last}
    return {pk: one.verdict_id for pk, one in standing.items() if one is not None and one.verdict_id}


def _matched(
    cells: Sequence[Cell], said: Sequence[Mapping[str, Any]]
) -> Iterator[tuple[Cell, Mapping[str, Any]]]:
    """Pair cells whose boxes overlap, those that overlap most first; each belongs to one pair at most."""
    shares = sorted(
        (
            (overlap(Box(*cell.box), Box(*one["box"])), first, second)
            for first, cell in enumerate(cells)
            for second, one in enumerate(said)
        ),
        reverse=True,
    )
    left, right = set(range(len(cells))), set(range(len(said)))
    for share, first, second in shares:
        if share < LEAST_OVERLAP:
            return
        if first in left and second in right:
            left.remove(first)
            right.remove(second)
            yield cells[first], said[second]


def _judged(matches: Sequence[_Match]) -> Judged:
    known = [match for match in matches if match.verdict]
    counts = Counter(
        (match.cell.label == match.verdict, match.said["label"] == match.verdict) for match in known
    )
    only_active, only_shadow = counts[True, False], counts[False, True]
    return Judged(
        cells=len(known),
        both=counts[True, True],
        only_active=only_active,
        only_shadow=only_shadow,
        neither=counts[False, False],
        p_value=sign_test(only_active, only_shadow),
    )


def _differing(match: _Match) -> Differing:
    said = match.said
    return Differing(match.cell, said["label"], said["confidence"], said["abstained"], match.verdict)


def _mean(values: Sequence[int]) -> float:
    return sum(values) / len(values) if values else 0.0
