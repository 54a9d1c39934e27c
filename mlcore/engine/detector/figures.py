"""How well a locator finds the cells that people drew: by kind of picture, and at every threshold."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np

from mlcore.engine.contracts import Box
from mlcore.engine.images import read_image
from mlcore.engine.locate import CellLocator, Found
from mlcore.engine.manifest import Record, txl_fields
from mlcore.engine.matching import LEAST_OVERLAP, hits
from mlcore.engine.proportion import f1_of, proportion
from mlcore.engine.stain import thumbnail

# The pictures of two laboratories that show single cells in the middle are also judged together.
SINGLE_CELLS = ("360x363", "575x575")
HARDLY = 0.005
SCORES = tuple(round(float(score), 2) for score in np.arange(0.05, 1.0, 0.05))


@dataclass(frozen=True, slots=True)
class Looked:
    """What was found in one picture: ``cells`` down to the lowest score, ``served`` at the settings' own."""

    kind: str
    drawn: Sequence[Box]
    cells: Sequence[Found]
    served: Sequence[Found]

    def counts(self) -> tuple[int, int, int]:
        """Return how many drawn leukocytes were found, how many missed, and how many boxes were too many."""
        return _counts([cell.box for cell in self.served if not cell.platelet], self.drawn)

    def counts_at(self, score: float) -> tuple[int, int, int]:
        """Return the same for another least score."""
        return _counts([c.box for c in self.cells if not c.platelet and c.score >= score], self.drawn)


def locator_figures(root: Path, locator: CellLocator) -> dict[str, Any]:
    """Return how well leukocytes are found on TXL-PBC val; empty where that set is missing.

    ``sets`` holds figures for each size of picture, for the two sizes of single cells together, and for all;
    ``curve`` holds points [score, recall, precision] over all pictures.
    """
    if not (root / "txl-pbc").is_dir():
        return {}
    looked = [look(root, record, locator) for record in txl_fields(root / "txl-pbc", "val", root)]
    return report(looked, locator.settings.score)


def look(root: Path, record: Record, locator: CellLocator) -> Looked:
    """Find the cells of one picture."""
    image = read_image(root / record.path)
    small = thumbnail(image, locator.settings.size)
    cells = locator.cells(small, image.shape, (SCORES[0], 1.0))
    kind = f"{image.shape[1]}x{image.shape[0]}"
    return Looked(kind, record.boxes, cells, locator.find(small, image.shape))


def report(looked: Sequence[Looked], threshold: float) -> dict[str, Any]:
    """Return the figures as plain JSON values."""
    kinds = sorted({one.kind for one in looked})
    sets = {kind: [one for one in looked if one.kind == kind] for kind in kinds}
    if together := [one for one in looked if one.kind in SINGLE_CELLS]:
        sets[" and ".join(SINGLE_CELLS)] = together
    sets["all"] = list(looked)
    told = {name: detection([one.counts() for one in rows]) for name, rows in sets.items()}
    curve = [_point(looked, score) for score in SCORES]
    return {"sets": told, "curve": curve, "least_overlap": LEAST_OVERLAP, "threshold": threshold}


def detection(rows: Sequence[tuple[int, int, int]]) -> dict[str, Any]:
    """Return the figures of some pictures from how many cells were found, missed and extra in each."""
    counts = np.asarray(rows, dtype=np.int_)
    found, missed, extra = counts.sum(axis=0)
    answers = np.column_stack([counts[:, 0], counts[:, 1:].sum(axis=1)])
    right = np.repeat([True, False] * len(rows), answers.ravel())
    pictures = np.repeat(np.arange(len(rows)), counts.sum(axis=1))
    nothing = {"value": 0.0, "low": 0.0, "high": 1.0}
    return {
        "pictures": len(rows),
        "leukocytes": int(found + missed),
        "found": int(found),
        "missed": int(missed),
        "extra": int(extra),
        "recall": float(found / max(found + missed, 1)),
        "precision": float(found / max(found + extra, 1)),
        "f1": f1_of(proportion(right, pictures)) if len(right) else nothing,
    }


def best_score(counts_at: Callable[[float], tuple[int, int, int]]) -> tuple[float, float]:
    """Return the least score whose F1 is hardly below the highest, and that F1.

    An extra cell can be struck out by whoever looks; one that was missed is seen by nobody.
    """
    values = [float(_f1(*counts_at(score))) for score in SCORES]
    chosen = next(index for index, value in enumerate(values) if value >= max(values) - HARDLY)
    return SCORES[chosen], values[chosen]


def _f1(found: Any, missed: Any, extra: Any) -> Any:
    return 2 * found / np.maximum(2 * found + missed + extra, 1)


def _counts(boxes: Sequence[Box], drawn: Sequence[Box]) -> tuple[int, int, int]:
    found = sum(hits(boxes, drawn))
    return found, len(drawn) - found, len(boxes) - found


def _point(looked: Sequence[Looked], score: float) -> list[float]:
    found, missed, extra = np.sum([one.counts_at(score) for one in looked], axis=0)
    return [score, float(found / max(found + missed, 1)), float(found / max(found + extra, 1))]
