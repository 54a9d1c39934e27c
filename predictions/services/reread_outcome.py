"""What reading a sample again has come to: each cell against what stood before and against people's words."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from typing import Any
from uuid import UUID

from mlcore.engine.contracts import NO_CELL, Box, CellPrediction
from mlcore.engine.matching import LEAST_OVERLAP, overlap
from predictions.models import Cell, CellReview, SmearField
from predictions.pipeline.infer import Reading
from predictions.selectors.access import latest_reading


def outcome_of(pairs: Sequence[tuple[SmearField, Reading]]) -> dict[str, Any]:
    """Return what :class:`~predictions.models.ReanalysedSample` keeps of the fields and their new readings.

    An earlier cell is the same as the new one that lies on it best, where they overlap enough.
    """
    before, now = Counter[str](), Counter[str]()
    became, words = Counter[tuple[str, str]](), Counter[tuple[str, str, str]]()
    for field, reading in pairs:
        _analysis, cells = latest_reading(field)
        said = _said(cells)
        fresh = reading.prediction.cells
        now.update(_name(cell) for cell in fresh)
        for cell in cells:
            called, again = _name(cell), _same(cell.box, fresh)
            before[called] += 1
            became[called, again] += 1
            if cell.pk in said:
                words[said[cell.pk], called, again] += 1
    if not pairs:
        return {}
    changed = sum(number for (called, again), number in became.items() if called != again)
    told = {"became": _rows(became), "words": _rows(words)}
    return {"before": before, "now": now, "changed": changed, **told}


def _said(cells: Sequence[Cell]) -> dict[UUID, str]:
    """Return what people last called the cells, for those that they said something about."""
    reviews = CellReview.objects.filter(cell__in=[cell.pk for cell in cells])
    last = reviews.order_by("cell_id", "-id").distinct("cell_id").values_list("cell_id", "verdict_id")
    return {cell: code for cell, code in last if code is not None}


def _same(box: tuple[int, int, int, int], fresh: Sequence[CellPrediction]) -> str:
    """Return what the new reading calls the cell in ``box``, or that it has found none there."""
    best = max(fresh, key=lambda cell: overlap(cell.box, Box(*box)), default=None)
    found = best is not None and overlap(best.box, Box(*box)) >= LEAST_OVERLAP
    return _name(best) if best and found else NO_CELL


def _name(cell: Cell | CellPrediction) -> str:
    return "" if cell.abstained else cell.label


def _rows(counted: Counter[Any]) -> list[list[Any]]:
    """Return counts by several names as JSON can hold them, the number last."""
    return [[*names, number] for names, number in sorted(counted.items())]
