"""The bundle's own evaluation, prepared for a page: nothing is computed here that was not measured."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from mlcore.web.classes import ClassFigures, Matrix, class_figures, matrix
from mlcore.web.shares import Share, interval, least_share, measured, share
from mlcore.web.vocabulary import CellClass, cell_class, place


@dataclass(frozen=True, slots=True)
class Summary:
    """What one model reached on one set of pictures; ``answers`` is None when it always abstained."""

    pictures: int
    originals: int
    accuracy: Share
    balanced: Share
    by_original: Share
    answered: Share
    answers: Share | None
    calibration_error: float


@dataclass(frozen=True, slots=True)
class Evaluation:
    """What was measured on one set; ``classic`` is what the classic recipe reached, if the bundle says so."""

    name: str
    own: Summary
    classic: Summary | None
    classes: Sequence[ClassFigures]
    matrix: Matrix


@dataclass(frozen=True, slots=True)
class Unseen:
    """What the same recipe reached on a laboratory it was not trained on: the mean recall of its classes."""

    name: str
    cells: int
    originals: int
    balanced: Share
    classes: Sequence[CellClass]


def unseen(metrics: Mapping[str, Any]) -> list[Unseen]:
    """Return one record for each laboratory that was left out of a training and judged by it."""
    return [
        Unseen(
            name=row["name"],
            cells=row["cells"],
            originals=row["originals"],
            balanced=interval(row["balanced_accuracy"]),
            classes=[cell_class(label) for label in row["classes"]],
        )
        for row in metrics.get("unseen", {}).get("rows", ())
    ]


def evaluations(metrics: Mapping[str, Any]) -> list[Evaluation]:
    """Return one record for each set that the bundle's ``evaluation.json`` reports on."""
    baseline = metrics.get("baseline", {})
    return [
        Evaluation(
            name=name,
            own=_summary(report),
            classic=_summary(baseline[name]) if name in baseline else None,
            classes=class_figures(report),
            matrix=matrix(report["confusion"]),
        )
        for name, report in metrics.get("evaluation", {}).items()
    ]


def headline(metrics: Mapping[str, Any]) -> Evaluation | None:
    """Return the first set: the one that the version is listed with."""
    return next(iter(evaluations(metrics)), None)


def thresholds(metrics: Mapping[str, Any]) -> list[tuple[CellClass, str | None]]:
    """Return above which confidence each class is answered, in percent; None for one that never is."""
    limits = metrics.get("calibration", {}).get("classes", {})
    return [
        (cell_class(label), least_share(limits[label]["threshold"])) for label in sorted(limits, key=place)
    ]


def _summary(report: Mapping[str, Any]) -> Summary:
    abstention = report["abstention"]
    return Summary(
        pictures=report["pictures"],
        originals=report["originals"],
        accuracy=interval(report["accuracy"]),
        # Bundles measured by an earlier release have no interval here.
        balanced=measured(report.get("balanced", report["balanced_accuracy"])),
        by_original=interval(report["by_original"]),
        answered=Share(abstention["coverage"]),
        answers=share(abstention["accuracy_of_answers"]),
        calibration_error=report["calibration"]["expected_error"],
    )
