"""Write a reading into the database."""

from __future__ import annotations

from dataclasses import asdict

import numpy as np

from mlcore.engine.contracts import CellPrediction, FieldPrediction
from mlcore.registry.models import ModelVersion
from predictions.models import Analysis, Cell, SmearField
from predictions.models.readings import FEATURES_AS


def persist(
    field: SmearField,
    prediction: FieldPrediction,
    *,
    version: ModelVersion,
    milliseconds: int,
    tightened: float | None = None,
) -> Analysis:
    """Add the analysis and its cells inside the caller's transaction.

    ``tightened`` is the limit that the prediction was tightened to, if it was.

    Raises:
        IntegrityError: that version has read the field before; the caller's transaction is lost.
    """
    analysis = Analysis.objects.create(
        field=field,
        model_version=version,
        quality=list(prediction.quality),
        picture=asdict(prediction.picture) if prediction.picture else None,
        tightened=tightened,
        milliseconds=milliseconds,
    )
    Cell.objects.bulk_create(
        _row(analysis, number, cell) for number, cell in enumerate(prediction.cells, start=1)
    )
    return analysis


def _row(analysis: Analysis, number: int, cell: CellPrediction) -> Cell:
    return Cell(
        analysis=analysis,
        number=number,
        x0=cell.box.x0,
        y0=cell.box.y0,
        x1=cell.box.x1,
        y1=cell.box.y1,
        label=cell.label,
        confidence=cell.confidence,
        probabilities=cell.probabilities,
        abstained=cell.abstained,
        reason=cell.reason,
        look=asdict(cell.look) if cell.look else None,
        features=np.asarray(cell.features, dtype=FEATURES_AS).tobytes() if cell.features else None,
    )
