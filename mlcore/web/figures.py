"""The bundle's own evaluation, prepared for a page: nothing is computed here that was not measured."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Final

SHADES: Final = 9


@dataclass(frozen=True, slots=True)
class Share:
    """A share of 1 with its 95 % interval, where one was measured."""

    value: float
    low: float | None = None
    high: float | None = None

    @property
    def text(self) -> str:
        """Return for example the value in percent followed by its interval in brackets."""
        text = f"{100 * self.value:.1f} %"
        if self.low is None or self.high is None:
            return text
        return f"{text} ({100 * self.low:.1f}–{100 * self.high:.1f})"


@dataclass(frozen=True, slots=True)
class ClassFigures:
    """How well one class was recognised; None where there is nothing to divide by."""

    label: str
    pictures: int
    precision: Share | None
    recall: Share | None
    f1: Share | None


@dataclass(frozen=True, slots=True)
class Count:
    """One square of the confusion matrix; ``shade`` 0..9 is its share of the row, for the eye only."""

    number: int
    shade: int
    right: bool


@dataclass(frozen=True, slots=True)
class Evaluation:
    """What was measured on one set of pictures; ``rows`` of the matrix are the true classes."""

    name: str
    pictures: int
    originals: int
    accuracy: Share
    balanced: Share
    by_original: Share
    answered: Share
    answers: Share | None
    calibration_error: float
    classes: Sequence[ClassFigures]
    columns: Sequence[str]
    rows: Sequence[tuple[str, Sequence[Count]]]


def evaluations(metrics: Mapping[str, Any]) -> list[Evaluation]:
    """Return one record for each set that the bundle's ``evaluation.json`` reports on."""
    return [_evaluation(name, report) for name, report in metrics.get("evaluation", {}).items()]


def headline(metrics: Mapping[str, Any]) -> Evaluation | None:
    """Return the first set: the one that the version is listed with."""
    return next(iter(evaluations(metrics)), None)


def _evaluation(name: str, report: Mapping[str, Any]) -> Evaluation:
    matrix, abstention = report["confusion"], report["abstention"]
    answers = matrix["answer"]
    return Evaluation(
        name=name,
        pictures=report["pictures"],
        originals=report["originals"],
        accuracy=_interval(report["accuracy"]),
        balanced=Share(report["balanced_accuracy"]),
        by_original=_interval(report["by_original"]),
        answered=Share(abstention["coverage"]),
        answers=share(abstention["accuracy_of_answers"]),
        calibration_error=report["calibration"]["expected_error"],
        classes=[_class(label, one) for label, one in report["per_class"].items()],
        columns=answers,
        rows=[
            (truth, _row(answers.index(truth), counts))
            for truth, counts in zip(matrix["truth"], matrix["rows"], strict=True)
        ],
    )


def _interval(measured: Mapping[str, float]) -> Share:
    return Share(measured["value"], measured["low"], measured["high"])


def share(value: float | None) -> Share | None:
    """Return ``value`` as a share, or None where it was not measured."""
    return None if value is None else Share(value)


def _class(label: str, one: Mapping[str, Any]) -> ClassFigures:
    shares = {name: share(one[name]) for name in ("precision", "recall", "f1")}
    return ClassFigures(label=label, pictures=one["pictures"], **shares)


def _row(right: int, counts: Sequence[int]) -> list[Count]:
    """Shade each count by its share of the row; even a single error among thousands gets some shade."""
    whole = sum(counts) or 1
    return [Count(count, -(-SHADES * count // whole), column == right) for column, count in enumerate(counts)]
