"""Suggesting that a cell was photographed twice, after a field has been read."""

from __future__ import annotations

import logging
from collections.abc import Sequence
from datetime import datetime
from uuid import UUID

from django.db import transaction

from accounts.audit.record import record
from predictions.models import Cell, EventKind, SmearField, SuggestedTwin
from predictions.pipeline.compare import compare
from predictions.selectors import comparable_cells
from predictions.services.trail import locked, note
from predictions.states import TAKES_REVIEWS

logger = logging.getLogger(__name__)


def suggest_twins(field: SmearField) -> int:
    """Compare the cells of a field that was just read with the other fields of its sample.

    Returns how many suggestions were made. The reading is kept and told already, so whatever happens here is
    logged and harms nothing; a field whose comparison fails has no suggestions.
    """
    if field.sample_id is None:
        return 0
    try:
        return _suggested(field, compared(field))
    except Exception:  # a suggestion is never worth a reading
        logger.exception("The cells of field %s could not be compared", field.pk)
        return 0


def compared(field: SmearField) -> list[tuple[Cell, Cell, float]]:
    """Return pairs of cells that probably are one, the later first, and how well they agree.

    The later one is that of the field which was uploaded later, whichever was read first: so two workers who
    compare two fields at once suggest the same.
    """
    cells = comparable_cells(field)
    mine = [cell for cell in cells if cell.analysis.field_id == field.pk]
    others = [cell for cell in cells if cell.analysis.field_id != field.pk]
    pairs = []
    for one, other, score in compare(mine, others):
        twin, cell = sorted((one, other), key=_uploaded)
        pairs.append((cell, twin, score))
    return pairs


def _uploaded(cell: Cell) -> tuple[datetime, UUID]:
    field = cell.analysis.field
    return field.created_at, field.pk


def _suggested(field: SmearField, pairs: Sequence[tuple[Cell, Cell, float]]) -> int:
    """Write down what is new, unless the sample is out of people's hands by now."""
    if not pairs or field.sample_id is None:
        return 0
    with transaction.atomic():
        sample = locked(None, field.sample_id)
        known = set(SuggestedTwin.objects.filter(sample=sample).values_list("cell_id", "twin_id"))
        fresh = [pair for pair in pairs if (pair[0].pk, pair[1].pk) not in known]
        if not fresh or sample.state not in TAKES_REVIEWS:
            return 0
        SuggestedTwin.objects.bulk_create(
            SuggestedTwin(sample=sample, cell=cell, twin=twin, score=score) for cell, twin, score in fresh
        )
        note(sample, EventKind.COMPARED, None, {"field": str(field.pk), "cells": len(fresh)})
        record("twins.suggested", actor=None, subject=sample, detail={"cells": len(fresh)})
    return len(fresh)
