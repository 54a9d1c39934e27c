"""Look for cells that two fields of a sample show both."""

from __future__ import annotations

from collections.abc import Sequence
from functools import lru_cache
from pathlib import Path
from typing import Final

import numpy as np
from PIL import Image

from mlcore.engine.contracts import Box
from mlcore.engine.surroundings import Grey
from mlcore.engine.twins import Seen, find_twins
from predictions.models import Cell
from predictions.models.readings import FEATURES_AS

# Fine enough where a cell is a fiftieth of its field. The fields of a sample are compared again and again.
LONGEST: Final = 1024
KEPT: Final = 24


def compare(cells: Sequence[Cell], others: Sequence[Cell]) -> list[tuple[Cell, Cell, float]]:
    """Return which of ``cells`` probably are one of ``others`` too, and how well their surroundings agree.

    All of them have features, by one model, and their field and image at hand.

    Raises:
        OSError: the file of an image is missing or damaged.
    """
    twins = find_twins([_seen(cell) for cell in cells], [_seen(cell) for cell in others], _grey)
    return [(cells[twin.cell], others[twin.other], twin.score) for twin in twins]


def _seen(cell: Cell) -> Seen:
    features = np.frombuffer(cell.features or b"", dtype=FEATURES_AS).astype(np.float32)
    return Seen(str(cell.analysis.field.image.path), Box(*cell.box), features)


@lru_cache(maxsize=KEPT)
def _grey(path: str) -> Grey:
    """Decode a picture in grey and no larger than needed, which for a JPEG is several times faster."""
    with Image.open(Path(path)) as picture:
        width = picture.width
        picture.draft("L", (LONGEST, LONGEST))
        grey = picture.convert("L")
    grey.thumbnail((LONGEST, LONGEST))
    return Grey(grey, grey.width / width)
