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
    """How well one class was recognised."""

    label: str
    images: int
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
    """What was measured on one set of images; ``rows`` of the matrix are the true classes."""

    name: str
    images: int
    groups: int | None
    accuracy: Share | None
    calibration_error: float | None
    classes: Sequence[ClassFigures]
    labels: Sequence[str]
    rows: Sequence[tuple[str, Sequence[Count]]]


def evaluations(metrics: Mapping[str, Any]) -> list[Evaluation]:
    """Return one record for each set the bundle was measured on."""
    return [_evaluation(name, measured) for name, measured in metrics.items()]


def headline(metrics: Mapping[str, Any]) -> Evaluation | None:
    """Return the first set: the one that the version is listed with."""
    return next(iter(evaluations(metrics)), None)


def _evaluation(name: str, measured: Mapping[str, Any]) -> Evaluation:
    matrix = measured.get("confusion", {})
    labels = list(matrix.get("labels", []))
    counts = matrix.get("counts", [])
    return Evaluation(
        name=name,
        images=measured["images"],
        groups=measured.get("groups"),
        accuracy=_share(measured["accuracy"]),
        calibration_error=measured.get("ece"),
        classes=[_class(label, one) for label, one in measured.get("classes", {}).items()],
        labels=labels,
        rows=[
            (label, _row(number, row)) for number, (label, row) in enumerate(zip(labels, counts, strict=True))
        ],
    )


def _share(measured: Any) -> Share | None:
    """Read a number, or a record of value, low and high."""
    if measured is None:
        return None
    if isinstance(measured, Mapping):
        return Share(measured["value"], measured.get("low"), measured.get("high"))
    return Share(float(measured))


def _class(label: str, one: Mapping[str, Any]) -> ClassFigures:
    return ClassFigures(
        label=label,
        images=one["images"],
        precision=_share(one.get("precision")),
        recall=_share(one.get("recall")),
        f1=_share(one.get("f1")),
    )


def _row(truth: int, counts: Sequence[int]) -> list[Count]:
    whole = sum(counts) or 1
    return [Count(count, -(-SHADES * count // whole), column == truth) for column, count in enumerate(counts)]
