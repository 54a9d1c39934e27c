"""What the engine found, as the JSON that laboratories script against."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import Any

from mlcore.engine.contracts import CellPrediction, FieldPrediction, Predictor
from mlcore.engine.errors import UnreadableImageError
from mlcore.engine.images import read_image


def reading(file: str, field: FieldPrediction) -> dict[str, Any]:
    """Return the JSON object for one image that was read."""
    return {
        "file": file,
        "quality": list(field.quality),
        "cells": [_cell(cell) for cell in field.cells],
        "model": {"version": field.model.version, "sha256": field.model.sha256},
    }


def _cell(cell: CellPrediction) -> dict[str, Any]:
    return {
        "box": [cell.box.x0, cell.box.y0, cell.box.x1, cell.box.y1],
        "label": cell.label,
        "confidence": round(cell.confidence, 6),
        "probabilities": {label: round(value, 6) for label, value in cell.probabilities.items()},
        "abstained": cell.abstained,
        "reason": cell.reason,
    }


def readings(predictor: Predictor, files: Iterable[str], *, single: bool) -> Iterator[dict[str, Any]]:
    """Yield one object for each file; a file that cannot be read gives its reason and the rest go on."""
    identity = {"version": predictor.identity.version, "sha256": predictor.identity.sha256}
    for file in files:
        try:
            field = predictor.predict(read_image(Path(file)), single=single)
        except UnreadableImageError as error:
            yield {"file": file, "error": str(error), "model": identity}
        else:
            yield reading(file, field)
