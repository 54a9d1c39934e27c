"""What a model is worth on labelled pictures: figures with intervals that respect copies of one original."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray
from scipy.stats import beta

from mlcore.engine.calibrate import expected_calibration_error
from mlcore.engine.contracts import NO_CELL, Predictor
from mlcore.engine.errors import DataError, UnreadableImageError
from mlcore.engine.images import read_image
from mlcore.engine.manifest import Record, class_folders
from mlcore.engine.originals import group_by_originals, group_plain

RESAMPLES = 2000


@dataclass(frozen=True, slots=True)
class Outcome:
    """One picture: its class, what was read (``none`` without a cell), how surely, its original."""

    path: str
    truth: str
    label: str
    confidence: float
    abstained: bool
    group: int


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
        first = field.cells[0] if field.cells else None
        label, confidence = (first.label, first.confidence) if first else (NO_CELL, 0.0)
        abstained = first is None or first.abstained
        outcomes.append(Outcome(record.path, record.label or "", label, confidence, abstained, group))
    return outcomes, unreadable


def report(outcomes: Sequence[Outcome], labels: Sequence[str]) -> dict[str, Any]:
    """Return the figures as plain JSON values; raises ``DataError`` if there is nothing to report."""
    if not outcomes:
        raise DataError("No picture could be read.")
    right = np.asarray([o.label == o.truth for o in outcomes])
    groups = np.asarray([o.group for o in outcomes])
    answered = np.asarray([not o.abstained for o in outcomes])
    confidence = np.asarray([o.confidence for o in outcomes], dtype=np.float32)
    order = [label for label in labels if any(label in (o.truth, o.label) for o in outcomes)]
    return {
        "pictures": len(outcomes),
        "originals": len(set(groups.tolist())),
        "accuracy": with_interval(right, groups),
        "balanced_accuracy": _balanced(outcomes),
        "by_original": by_original(outcomes),
        "per_class": per_class(outcomes, order),
        "confusion": confusion(outcomes, order),
        "calibration": {"expected_error": expected_calibration_error(confidence, right)},
        "abstention": {
            "coverage": float(answered.mean()),
            "accuracy_of_answers": float(right[answered].mean()) if answered.any() else None,
        },
    }


def with_interval(right: NDArray[np.bool_], groups: NDArray[np.int_], seed: int = 0) -> dict[str, float]:
    """Return the share that is right with its 95 % interval, bootstrapped over groups."""
    names, place = np.unique(groups, return_inverse=True)
    hits = np.bincount(place, weights=right.astype(float))
    sizes = np.bincount(place).astype(float)
    random = np.random.default_rng(seed)
    drawn = random.multinomial(len(names), np.full(len(names), 1 / len(names)), size=RESAMPLES)
    low, high = np.quantile((drawn @ hits) / (drawn @ sizes), [0.025, 0.975])
    return {"value": float(right.mean()), "low": float(low), "high": float(high)}


def by_original(outcomes: Sequence[Outcome]) -> dict[str, Any]:
    """Return how many originals are named rightly by a vote over their copies, with an exact interval."""
    votes: dict[tuple[int, str], Counter[str]] = {}
    for outcome in outcomes:
        votes.setdefault((outcome.group, outcome.truth), Counter())[outcome.label] += 1
    won = sum(counter.most_common(1)[0][0] == truth for (_group, truth), counter in votes.items())
    total = len(votes)
    # Clopper and Pearson 1934: exact, since seventy originals are too few for an approximation.
    low = float(beta.ppf(0.025, won, total - won + 1)) if won else 0.0
    high = float(beta.ppf(0.975, won + 1, total - won)) if won < total else 1.0
    return {"right": won, "originals": total, "value": won / total, "low": low, "high": high}


def per_class(outcomes: Sequence[Outcome], labels: Sequence[str]) -> dict[str, dict[str, float | None]]:
    """Return precision, recall, F1 and the number of pictures for each class; None where undefined."""
    told: dict[str, dict[str, float | None]] = {}
    for label in labels:
        hit = sum(o.label == label == o.truth for o in outcomes)
        said = sum(o.label == label for o in outcomes)
        real = sum(o.truth == label for o in outcomes)
        precision, recall = (hit / said if said else None), (hit / real if real else None)
        f1 = 2 * hit / (said + real) if said + real else None
        told[label] = {"precision": precision, "recall": recall, "f1": f1, "pictures": real}
    return told


def confusion(outcomes: Sequence[Outcome], labels: Sequence[str]) -> dict[str, Any]:
    """Return counts: one row for each true class, one column for each answer, the last for no cell."""
    columns = [*labels, NO_CELL]
    counts = Counter((o.truth, o.label) for o in outcomes)
    rows = [[counts[truth, answer] for answer in columns] for truth in labels]
    return {"truth": list(labels), "answer": columns, "rows": rows}


def _balanced(outcomes: Sequence[Outcome]) -> float:
    truths = sorted({o.truth for o in outcomes})
    recalls = [np.mean([o.label == truth for o in outcomes if o.truth == truth]) for truth in truths]
    return float(np.mean(recalls))
