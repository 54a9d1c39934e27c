"""Which classes were taken for which: figures by class and the confusion matrix, in the engine's order."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Final

from mlcore.web.shares import Share, interval, share
from mlcore.web.vocabulary import CellClass, cell_class, place

SHADES: Final = 9


@dataclass(frozen=True, slots=True)
class ClassFigures:
    """How well one class was recognised; None where there is nothing to divide by.

    ``named`` counts the pictures that the model gave this name, rightly or not.
    """

    kind: CellClass
    pictures: int
    named: int
    precision: Share | None
    recall: Share | None
    f1: Share | None

    @property
    def shares(self) -> tuple[Share | None, ...]:
        """Precision, recall and F1 in the order of the page's columns."""
        return self.precision, self.recall, self.f1


@dataclass(frozen=True, slots=True)
class Count:
    """One square of the confusion matrix; ``shade`` 0..9 is its share of the row, for the eye only."""

    number: int
    shade: int
    right: bool


@dataclass(frozen=True, slots=True)
class Matrix:
    """Rows are the classes that occurred, columns those that occurred or were answered."""

    columns: Sequence[CellClass]
    rows: Sequence[tuple[CellClass, Sequence[Count]]]


def class_figures(report: Mapping[str, Any]) -> list[ClassFigures]:
    """Return the figures of each class that occurred or was answered."""
    named = _named(report["confusion"])
    found = sorted(report["per_class"].items(), key=lambda item: place(item[0]))
    return [
        ClassFigures(
            kind=cell_class(label),
            pictures=one["pictures"],
            named=named.get(label, 0),
            **{name: _share(one, name) for name in ("precision", "recall", "f1")},
        )
        for label, one in found
        if one["pictures"] or named.get(label)
    ]


def _share(one: Mapping[str, Any], name: str) -> Share | None:
    """Return one figure of a class, with its interval unless an earlier release measured it."""
    limits = one.get("intervals", {}).get(name)
    return interval(limits) if limits else share(one[name])


def matrix(confusion: Mapping[str, Any]) -> Matrix:
    """Order the report's counts and leave out what neither occurred nor was answered."""
    named = _named(confusion)
    counts = dict(zip(confusion["truth"], confusion["rows"], strict=True))
    truths = sorted((label for label, row in counts.items() if sum(row)), key=place)
    columns = sorted((label for label in named if named[label] or label in truths), key=place)
    where = {label: number for number, label in enumerate(confusion["answer"])}
    return Matrix(
        columns=[cell_class(label) for label in columns],
        rows=[
            (cell_class(truth), _row(columns, truth, [counts[truth][where[label]] for label in columns]))
            for truth in truths
        ],
    )


def _named(confusion: Mapping[str, Any]) -> dict[str, int]:
    """Count the pictures that got each answer."""
    columns = zip(*confusion["rows"], strict=True)
    return {label: sum(column) for label, column in zip(confusion["answer"], columns, strict=True)}


def _row(columns: Sequence[str], truth: str, counts: Sequence[int]) -> list[Count]:
    """Shade each count by its share of the row; even a single error among thousands gets some shade."""
    whole = sum(counts)
    return [
        Count(count, -(-SHADES * count // whole), label == truth)
        for label, count in zip(columns, counts, strict=True)
    ]
