"""Show less of a prediction: answers below a raised limit become unidentified."""

from __future__ import annotations

from dataclasses import replace

from mlcore.engine.contracts import CellPrediction, FieldPrediction
from predictions.models.drift import TIGHTENED


def tighten(prediction: FieldPrediction, least: float) -> FieldPrediction:
    """Return the prediction with no answer shown that is less certain than ``least`` (0..1)."""
    return replace(prediction, cells=tuple(_tightened(cell, least) for cell in prediction.cells))


def _tightened(cell: CellPrediction, least: float) -> CellPrediction:
    if cell.abstained or cell.confidence >= least:
        return cell
    reason = f"{TIGHTENED}; until then {least:.0%} is asked for, and the model is {cell.confidence:.0%} sure"
    return replace(cell, abstained=True, reason=reason)
