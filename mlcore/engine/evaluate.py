"""What a model is worth on labelled pictures: figures with intervals that respect copies of one original."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np

from mlcore.engine.contracts import NO_CELL, FieldPrediction, Predictor
from mlcore.engine.errors import DataError, UnreadableImageError
from mlcore.engine.images import read_image
from mlcore.engine.manifest import Record, class_folders
from mlcore.engine.originals import group_by_originals, group_plain
from mlcore.engine.outcomes import Outcome, abstention, accuracy, balanced, by_original, confusion, per_class
from mlcore.engine.statistics import (
    calibration_error_interval,
    reliability_bins,
    risk_coverage,
)


def evaluate_folder(
    folder: Path, predictor: Predictor, *, single: bool = False, originals: Path | None = None
) -> dict[str, Any]:
    """Read every picture of a folder with one folder for each class and return the report.

    ``originals`` is a folder of the same shape with the pictures that ``folder`` holds copies of; then
    intervals are drawn over originals and a vote over each original's copies is reported too.
    """
    if not folder.is_dir():
        raise DataError(f"{folder} is no folder.")
    records = list(class_folders(folder, folder.name, folder))
    if not records:
        raise DataError(f"{folder} holds no pictures in folders named after classes.")
    groups = group_by_originals(folder, records, originals) if originals else group_plain(folder, records)
    outcomes, unreadable = read_all(folder, records, groups, predictor, single=single)
    told = report(outcomes, predictor.labels)
    identity = predictor.identity
    told["unreadable"] = unreadable
    told["model"] = {"version": identity.version, "sha256": identity.sha256}
    return told


def read_all(
    base: Path, records: Sequence[Record], groups: Sequence[int], predictor: Predictor, *, single: bool
) -> tuple[list[Outcome], list[dict[str, str]]]:
    """Return one outcome for each picture that could be read, and the names of the others with reasons."""
    outcomes, unreadable = [], []
    for record, group in zip(records, groups, strict=True):
        try:
            field = predictor.predict(read_image(base / record.path), single=single)
        except UnreadableImageError as error:
            unreadable.append({"file": record.path, "error": str(error)})
            continue
        outcomes.append(outcome(record, field, group))
    return outcomes, unreadable


def outcome(record: Record, field: FieldPrediction, group: int) -> Outcome:
    """Return what was read in a picture of one class: its first cell, else ``none``, which is no answer."""
    truth = record.label or ""
    if not field.cells:
        return Outcome(record.path, truth, NO_CELL, 0.0, abstained=True, group=group)
    cell = field.cells[0]
    return Outcome(record.path, truth, cell.label, cell.confidence, cell.abstained, group, cell.box)


def report(outcomes: Sequence[Outcome], labels: Sequence[str]) -> dict[str, Any]:
    """Return the figures as plain JSON values; raises ``DataError`` if there is nothing to report.

    Classes stand in the model's order; those that it does not know follow, and count as wrong.
    """
    if not outcomes:
        raise DataError("No picture could be read.")
    right = np.asarray([o.label == o.truth for o in outcomes])
    groups = np.asarray([o.group for o in outcomes])
    confidence = np.asarray([o.confidence for o in outcomes], dtype=np.float32)
    seen = {o.truth for o in outcomes}
    order = [label for label in labels if label in seen or any(label == o.label for o in outcomes)]
    order += sorted(seen - set(labels))
    mean = balanced(outcomes)
    error = calibration_error_interval(confidence, right, groups)
    return {
        "pictures": len(outcomes),
        "originals": len(set(groups.tolist())),
        "accuracy": accuracy(outcomes).told(),
        "balanced_accuracy": mean["value"],
        "balanced": mean,
        "by_original": by_original(outcomes),
        "per_class": per_class(outcomes, order),
        "confusion": confusion(outcomes, order),
        "calibration": {
            "expected_error": error["value"],
            "interval": error,
            "bins": reliability_bins(confidence, right, groups),
        },
        "abstention": abstention(outcomes, order),
        "risk_coverage": risk_coverage(confidence, right, groups),
    }
