"""Labels that deserve a second look: the model is sure of another class."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Protocol

from mlcore.engine.contracts import Box, CellPrediction, FieldPrediction, Image
from mlcore.engine.frozen import FrozenPicture
from mlcore.engine.images import read_image


class Reader(Protocol):
    """What is needed of a predictor."""

    labels: tuple[str, ...]

    def predict(self, image: Image, *, single: bool = False) -> FieldPrediction:
        """Read a picture."""

    def read(self, image: Image, box: Box) -> CellPrediction:
        """Read the cell in ``box``."""


@dataclass(frozen=True, slots=True)
class Doubt:
    """A cell, by its key in the data set, and what the model would call it, with its confidence 0..1."""

    key: str
    answer: str
    confidence: float


def doubts(
    reader: Reader, store: Path, cells: Sequence[FrozenPicture], told: Callable[[int, int], None]
) -> list[Doubt]:
    """Return the cells that ``reader`` names otherwise without abstaining, surest first.

    A class that the model does not know says nothing and is passed over. ``cells`` are sorted by picture.
    """
    found = []
    image, at = None, ""
    for number, cell in enumerate(cells):
        told(number, len(cells))
        if cell.label not in reader.labels:
            continue
        if image is None or cell.file != at:
            image, at = read_image(store / cell.file), cell.file
        read = _read(reader, image, cell.box)
        if read is not None and read.label != cell.label and not read.abstained:
            found.append(Doubt(cell.key, read.label, round(read.confidence, 4)))
    return sorted(found, key=lambda doubt: (-doubt.confidence, doubt.key))


def _read(reader: Reader, image: Image, box: Box | None) -> CellPrediction | None:
    """Read the cell in ``box``, else the one that the picture was taken of, if there is one."""
    if box is not None:
        return reader.read(image, box)
    return next(iter(reader.predict(image, single=True).cells), None)
