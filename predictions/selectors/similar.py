"""The verified cells that look most like a given one, as the model's own features have it."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import TYPE_CHECKING, Final
from uuid import UUID

import numpy as np
from django.db.models import Aggregate, BinaryField, Exists, Func, OuterRef

from accounts.models import User
from predictions.models import Analysis, Cell, CellReview, CellType, Report, Sample, SmearField
from predictions.models.catalogue import DUPLICATE
from predictions.models.readings import FEATURES_AS
from predictions.selectors.samples import CellState, visible_samples
from predictions.states import SampleState

if TYPE_CHECKING:
    from django.contrib.auth.models import AnonymousUser

# How far back is looked: so many samples, of these so many cells, the newest first.
MOST_SAMPLES: Final = 250
MOST_CELLS: Final = 20_000
# More than are shown, since some of the nearest turn out to have no class of their own.
LOOKED_AT: Final = 48


@dataclass(frozen=True, slots=True)
class SimilarCell:
    """A verified cell: its type, whose word that is and since when, and whether they looked at this cell.

    ``looked`` is False where the model named it and the doctor signed the whole count.
    """

    cell: Cell
    kind: CellType
    by: str
    at: datetime
    looked: bool

    @property
    def sample(self) -> Sample:
        """The sample that it belongs to; a field of a verified cell always has one."""
        sample: Sample | None = self.cell.analysis.field.sample
        assert sample is not None
        return sample


def similar_cells(user: User | AnonymousUser, cell: Cell, count: int = 6) -> list[SimilarCell]:
    """Return the verified cells nearest to ``cell``, nearest first, those of other samples before its own.

    Verified is what a signed report counted: a person's word, or the model's that the signature confirmed.
    Only cells of samples that ``user`` may see are looked at, and only those that the same version read.
    Samples that are not to be used for training are among them: nothing is learned from a cell by showing it
    to somebody who may open its sample anyhow. Cells that nobody identified or that are counted elsewhere are
    left out, and samples of which the retention rule has removed images. Empty where ``cell`` has no
    features. Six queries.
    """
    if cell.features is None:
        return []
    ranked = _ranked(user, cell)
    found = _verified(ranked)
    return [found[key] for key in ranked if key in found][:count]


class _Joined(Aggregate):
    """Bytes of many rows in one. Twenty thousand rows one by one would take Python four times the time."""

    function = "STRING_AGG"
    template = "%(function)s(%(expressions)s, ''::bytea)"
    output_field = BinaryField()


def _ranked(user: User | AnonymousUser, cell: Cell) -> list[UUID]:
    """Return what may be similar, nearest first, the cell's own sample last."""
    without = SmearField.objects.filter(sample=OuterRef("pk"), image__removed_at__isnull=False)
    over = visible_samples(user).filter(state__in=(SampleState.SIGNED, SampleState.AMENDED))
    signed = over.filter(~Exists(without))
    newest = list(signed.order_by("-received_at", "-id").values_list("pk", flat=True)[:MOST_SAMPLES])
    comparable = Cell.objects.filter(
        analysis__field__sample__in=newest,
        analysis__model_version=cell.analysis.model_version_id,
        features__isnull=False,
    )
    # Both columns join the same rows in the same order, since they are made in one go.
    joined = (
        comparable.order_by()
        .values_list("analysis__field__sample")
        .annotate(keys=_Joined(Func("pk", function="uuid_send")), points=_Joined("features"))
    )
    order = {sample: place for place, sample in enumerate(newest)}
    rows = sorted(joined, key=lambda row: order[row[0]])
    keys = np.frombuffer(b"".join(row[1] for row in rows), dtype="V16")[:MOST_CELLS]
    points = np.frombuffer(b"".join(row[2] for row in rows), dtype=FEATURES_AS)
    own = np.frombuffer(cell.features or b"", dtype=FEATURES_AS).astype(np.float32)
    far = ((points.reshape(-1, len(own))[: len(keys)].astype(np.float32) - own) ** 2).sum(axis=1)
    samples = np.repeat(np.arange(len(rows)), [len(row[1]) // 16 for row in rows])[: len(keys)]
    same = np.asarray([row[0] == cell.analysis.field.sample_id for row in rows], dtype=bool)[samples]
    nearest = [UUID(bytes=keys[row].tobytes()) for row in np.lexsort((far, same))[:LOOKED_AT]]
    return [key for key in nearest if key != cell.pk]


def _verified(keys: Sequence[UUID]) -> dict[UUID, SimilarCell]:
    """Return those of the cells that count as something in the newest reading of their fields."""
    newer = Analysis.objects.filter(
        field=OuterRef("analysis__field"), created_at__gt=OuterRef("analysis__created_at")
    )
    cells = (
        Cell.objects.filter(~Exists(newer), pk__in=keys)
        .select_related("analysis__field__sample")
        .defer("probabilities", "reason", "look", "features")
    )
    reviews = CellReview.objects.filter(cell__in=keys).select_related("actor", "before__actor")
    last = {one.cell_id: one for one in reviews.order_by("cell_id", "-id").distinct("cell_id")}
    kinds = {kind.pk: kind for kind in CellType.objects.all()}
    states = [
        CellState(cell, last.get(cell.pk), cell.label in kinds and kinds[cell.label].active) for cell in cells
    ]
    signatures = _signatures(state.cell.analysis.field.sample_id for state in states)
    return {
        state.cell.pk: _told(state, kinds[state.code], signatures[state.cell.analysis.field.sample_id])
        for state in states
        if state.code not in {"", DUPLICATE} and state.cell.analysis.field.sample_id in signatures
    }


def _signatures(samples: Iterable[UUID | None]) -> dict[UUID | None, Report]:
    """Return the newest report of each sample, without its contents."""
    reports = Report.objects.filter(sample__in=set(samples)).select_related("signed_by")
    found = reports.only("sample_id", "signed_at", "signed_by__name", "version")
    return {one.sample_id: one for one in found.order_by("sample_id", "-version").distinct("sample_id")}


def _told(state: CellState, kind: CellType, signature: Report) -> SimilarCell:
    word = state.review.standing if state.review and state.by_person else None
    if word is None:
        return SimilarCell(state.cell, kind, signature.signed_by.name, signature.signed_at, looked=False)
    return SimilarCell(state.cell, kind, word.actor.name, word.at, looked=True)
