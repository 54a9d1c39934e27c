"""A bundle read against the test part of a frozen data set: figures, outcomes and pictures in one folder.

LiteRT reads; TensorFlow is not needed. The pictures show real cells, so the folder lies outside the
repository.
"""

from __future__ import annotations

import json
import time
from collections.abc import Callable, Sequence
from dataclasses import asdict
from pathlib import Path
from typing import Any, Final

import numpy as np

from mlcore.engine.charts import confusion_picture, reliability_picture, risk_coverage_picture
from mlcore.engine.contracts import NO_CELL, Image, Predictor
from mlcore.engine.durable import write_flushed
from mlcore.engine.errors import DataError, UnreadableImageError
from mlcore.engine.evaluate import report
from mlcore.engine.frozen import MANIFEST, PICTURES, TEST, FrozenPicture, FrozenSet, read_frozen
from mlcore.engine.images import around, read_image
from mlcore.engine.outcomes import Outcome
from mlcore.engine.paired import OUTCOMES, REPORT, CellOutcome
from mlcore.engine.proportion import proportion
from mlcore.engine.roc import Curve, curves, roc_picture
from mlcore.engine.sheet import worst, worst_mistakes

CONFUSION, ROC, CALIBRATION, RISK, MISTAKES = (
    "confusion.png",
    "roc.png",
    "calibration.png",
    "risk-coverage.png",
    "mistakes.png",
)
# After how many cells a line tells how far it is, and how many mistakes the sheet shows.
EVERY: Final = 25
SHOWN: Final = 24


def judge(
    root: Path, version: str, predictor: Predictor, out: Path, tell: Callable[[int, int], None]
) -> dict[str, Any]:
    """Read the test part of the frozen ``version`` below ``root``, fill ``out`` and return the report.

    ``tell`` is called with how many cells are read and how many there are.

    Raises:
        DataError: the version is missing or altered, has no test part, or no picture of it could be read.
    """
    frozen = read_frozen(root / version / MANIFEST)
    if not frozen.part(TEST):
        raise DataError("This data set keeps no pictures for testing.")
    out.mkdir(parents=True, exist_ok=True, mode=0o700)
    read, unreadable, milliseconds = _read(root / PICTURES, frozen, predictor, tell)
    outcomes = [outcome for _cell, outcome, _scores in read]
    told = report(outcomes, predictor.labels)
    told |= {
        "model": asdict(predictor.identity),
        "data": asdict(frozen.header) | {"sha256": version},
        "unreadable": unreadable,
        "negative_agreement": negative_agreement(outcomes, told["per_class"]),
        "speed": _speed(milliseconds),
    }
    scores = [scores for _cell, _outcome, scores in read]
    drawn = curves([one.truth for one in outcomes], scores, predictor.labels)
    told["roc"] = [asdict(curve) for curve in drawn]
    _draw(told, drawn, root / PICTURES, outcomes, out)
    cells = [asdict(cell) for cell, _outcome, _scores in read]
    write_flushed(out / REPORT, (json.dumps(told, indent=1) + "\n").encode())
    write_flushed(out / OUTCOMES, (json.dumps(cells) + "\n").encode())
    return told


Read = tuple[CellOutcome, Outcome, dict[str, float]]


def _read(
    pictures: Path, frozen: FrozenSet, predictor: Predictor, tell: Callable[[int, int], None]
) -> tuple[list[Read], list[dict[str, str]], list[float]]:
    """Return what was said of each cell, which pictures could not be read, and the milliseconds of each."""
    test, numbers = frozen.part(TEST), _numbered(frozen)
    read: list[Read] = []
    unreadable, milliseconds = [], []
    for count, picture in enumerate(test, start=1):
        began = time.perf_counter()
        try:
            image = _shown(read_image(pictures / picture.file), picture)
        except UnreadableImageError as error:
            unreadable.append({"file": picture.sha256, "error": str(error)})
            continue
        read.append(_said(picture, image, predictor, numbers[_group(picture)]))
        milliseconds.append(1000 * (time.perf_counter() - began))
        if count % EVERY == 0 or count == len(test):
            tell(count, len(test))
    return read, unreadable, milliseconds


def _said(picture: FrozenPicture, image: Image, predictor: Predictor, number: int) -> Read:
    """Return the model's word on one picture's cell: the first that it finds, else that it found none."""
    field = predictor.predict(image, single=picture.single or picture.box is not None)
    first = field.cells[0] if field.cells else None
    label, confidence = (first.label, first.confidence) if first else (NO_CELL, 0.0)
    abstained = first.abstained if first else True
    cell = CellOutcome(
        key=picture.key,
        sha256=picture.sha256,
        truth=picture.label,
        label=label,
        confidence=confidence,
        abstained=abstained,
        group=_group(picture),
        laboratory=picture.laboratory,
    )
    # A box of the part that was cut out would mislead in the whole picture; then the drawn box is shown.
    box = picture.box or (first.box if first else None)
    outcome = Outcome(picture.file, picture.label, label, confidence, abstained, number, box)
    return cell, outcome, first.probabilities if first else {}


def _shown(image: Image, picture: FrozenPicture) -> Image:
    """Return what the model is shown: of a field with many cells only what lies around the one meant."""
    if picture.box is None or picture.single:
        return image
    return around(image, picture.box)


def _group(picture: FrozenPicture) -> str:
    return f"{picture.laboratory}/{picture.group}"


def _numbered(frozen: FrozenSet) -> dict[str, int]:
    names = sorted({_group(picture) for picture in frozen.part(TEST)})
    return {name: number for number, name in enumerate(names)}


def negative_agreement(outcomes: Sequence[Outcome], per_class: dict[str, Any]) -> dict[str, Any]:
    """Return for each class the share of the other cells that did not get its name, with its limits.

    Negative percent agreement, as positive percent agreement is the recall: words for a truth that is itself
    a reading of people (FDA 2007, Statistical Guidance on Reporting Results from Studies Evaluating
    Diagnostic Tests).
    """
    told: dict[str, Any] = {}
    for label in per_class:
        others = [one for one in outcomes if one.truth != label]
        if others:
            right = np.asarray([one.label != label for one in others])
            share = proportion(right, np.asarray([one.group for one in others]))
            told[label] = {"value": share.value, "low": share.low, "high": share.high}
    return told


def _speed(milliseconds: Sequence[float]) -> dict[str, float]:
    """Return how long a cell took, decoding included: median and 95 % quantile in milliseconds."""
    middle, slow = np.quantile(milliseconds, [0.5, 0.95])
    return {"cells": len(milliseconds), "median_ms": float(middle), "p95_ms": float(slow)}


def _draw(
    told: dict[str, Any], drawn: Sequence[Curve], pictures: Path, outcomes: Sequence[Outcome], out: Path
) -> None:
    """Write the pictures; a sheet of mistakes only where there is one."""
    name = f"{told['data']['name']}, version {told['data']['version']}"
    confusion_picture(told, out / CONFUSION)
    reliability_picture({name: told}, out / CALIBRATION)
    risk_coverage_picture({name: told}, out / RISK)
    if drawn:
        roc_picture(drawn, out / ROC)
    if worst(outcomes, 1):
        chosen = worst_mistakes(pictures, outcomes, out / MISTAKES, SHOWN)
        told["mistakes"] = [
            {"truth": one.truth, "label": one.label, "confidence": one.confidence} for one in chosen
        ]
