"""What to expect in a laboratory the model has never seen: train on the others, judge on the one left out.

A random split, and even a fifth held out of each laboratory, says nothing about another stain and camera.
This does, as far as three laboratories can; recipes are chosen by it and never by a test set.
"""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import keras

from mlcore.engine import export
from mlcore.engine.abstain import Judge
from mlcore.engine.assemble import CellsRead, calibrated, read_cells
from mlcore.engine.calibrate import softmax
from mlcore.engine.crops import Finder, roomy
from mlcore.engine.evaluate import report
from mlcore.engine.head import Head
from mlcore.engine.novelty import Novelty, distance_limit
from mlcore.engine.outcomes import Outcome
from mlcore.engine.prepared import Prepared, say
from mlcore.engine.preprocess import CropSettings
from mlcore.engine.sampling import Examples, laboratory
from mlcore.engine.train import Trainer, TrainSettings

# The classes of which every laboratory has cells.
SHARED = ("neutrophil", "eosinophil", "lymphocyte", "monocyte")
LABORATORIES = ("bccd", "pbc", "txl")
# Of one original: to judge by, and to learn from what is novel.
COPIES = 2


@dataclass(frozen=True, slots=True)
class Course:
    """How a laboratory is left out: the data, by which boxes and at what size cells are cut, the training."""

    data: Prepared
    finder: Finder
    crop: CropSettings
    settings: TrainSettings
    start: str
    labels: tuple[str, ...] = SHARED


def without(course: Course, trained_on: Sequence[str], work: Path) -> list[dict[str, Any]]:
    """Train on some laboratories and return one row for each of the others, judged on the shared classes.

    Held-out parts and test sets are not touched. The rows are kept in ``work``, so a second call returns
    at once. Temperature, limits and what is novel come from the laboratories trained on, since a new
    laboratory has no others.
    """
    name = "+".join(trained_on)
    kept = work / f"{name}.json"
    if kept.exists():
        rows: list[dict[str, Any]] = json.loads(kept.read_text())
        return rows
    parts = course.data.parts
    training = _cells(course, f"training of {name}", parts.training, trained_on, roomy(course.crop))
    validated = course.data.few_copies(parts.validation)
    validation = _cells(course, f"validation of {name}", validated, trained_on, course.crop)
    trainer = Trainer(training, validation, course.settings, say=say)
    network = trainer.train(len(course.labels), course.start, work / name)
    head, model = export.head_of(network), export.lite(export.trunk(network))
    keras.backend.clear_session()
    seen = _cells(
        course, f"seen of {name}", course.data.few_copies(parts.training, COPIES), trained_on, course.crop
    )
    judge, temperature = _limits(model, head, seen, validation, course.labels)
    rows = []
    for other in LABORATORIES:
        if other not in trained_on:
            rows_of = course.data.few_copies((*parts.training, *parts.validation), COPIES)
            judged = _cells(course, f"judged {other}", rows_of, [other], course.crop)
            outcomes = outcomes_of(read_cells(model, head, judged.pixels), judged, judge, temperature)
            rows.append(row(outcomes, trained_on, other, course.labels))
    kept.write_text(json.dumps(rows, indent=1))
    return rows


def _limits(
    model: bytes, head: Head, seen: Examples, validation: Examples, labels: tuple[str, ...]
) -> tuple[Judge, float]:
    """Return what decides when such a network answers, and its temperature: as a bundle would have them."""
    reads = read_cells(model, head, validation.pixels)
    fitted = calibrated(reads.logits, validation, labels)
    novelty = Novelty.fit(read_cells(model, head, seen.pixels).embeddings, seen.targets)
    farthest = distance_limit(novelty.distances(reads.embeddings))
    least = tuple(fitted["classes"][label]["threshold"] for label in labels)
    return Judge(labels, least, novelty, farthest), fitted["temperature"]


def leave_one_out(course: Course, work: Path) -> dict[str, Any]:
    """Return a row for each laboratory, judged by a model trained on all the others."""
    present = {laboratory(record.source) for record in course.data.records if record.label}
    known = [name for name in LABORATORIES if name in present]
    rows = []
    for other in known:
        say(json.dumps({"stage": f"leaving out {other}"}))
        rows += without(course, [name for name in known if name != other], work)
    return {
        "protocol": (
            "trained on all laboratories but one and judged on cells of that one, "
            f"at most {COPIES} copies of an original; classes: {', '.join(course.labels)}; "
            "the cells are cut by drawn boxes or by the shipped locator, which does know that laboratory"
        ),
        "rows": rows,
    }


def _cells(
    course: Course, name: str, rows: Sequence[int], laboratories: Sequence[str], crop: CropSettings
) -> Examples:
    own = [row for row in rows if laboratory(course.data.records[row].source) in laboratories]
    return course.data.examples(f"unseen/{name}", own, course.labels, crop, course.finder)


def outcomes_of(reads: CellsRead, judged: Examples, judge: Judge, temperature: float) -> list[Outcome]:
    """Return what a model would say of each cell, with temperature and limits from elsewhere."""
    probabilities = softmax(reads.logits, temperature)
    return [
        Outcome(
            path=name,
            truth=judge.labels[truth],
            label=judge.labels[int(shares.argmax())],
            confidence=float(shares.max()),
            abstained=bool(judge.objection(shares, vector, ())),
            group=int(group),
        )
        for name, truth, group, shares, vector in zip(
            judged.names, judged.targets, judged.groups, probabilities, reads.embeddings, strict=True
        )
    ]


def row(
    outcomes: Sequence[Outcome], trained_on: Sequence[str], judged_on: str, labels: tuple[str, ...]
) -> dict[str, Any]:
    """Return the figures of one laboratory that was left out, as plain JSON values."""
    told = report(outcomes, labels)
    return {
        "name": f"{judged_on}, never seen",
        "trained_on": list(trained_on),
        "judged_on": judged_on,
        "classes": list(labels),
        "cells": told["pictures"],
        "originals": told["originals"],
        "accuracy": told["accuracy"],
        "balanced_accuracy": told["balanced"],
        "calibration_error": told["calibration"]["interval"],
        "coverage": told["abstention"]["coverage"],
        "error_of_answers": told["abstention"]["error_of_answers"],
        "per_class": {label: one["recall"] for label, one in told["per_class"].items()},
    }
