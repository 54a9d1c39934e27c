"""The least scores at which cells and platelets are believed, chosen on the validation windows."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

import numpy as np

from mlcore.engine.contracts import Box
from mlcore.engine.detector.figures import SCORES, best_score
from mlcore.engine.detector.targets import Numbers
from mlcore.engine.detector.views import Window
from mlcore.engine.locate import NUCLEATED, PLATELET, CellLocator, Found, LocatorSettings
from mlcore.engine.matching import hits
from mlcore.engine.stain import Thumbnail

# In a picture of one cell a fainter answer will do, since there is one.
SINGLE = 0.5


def choose(model: bytes, windows: Sequence[Window], size: int) -> tuple[LocatorSettings, float]:
    """Return the settings with the best least scores, and the F1 of nucleated cells that they reach."""
    locator = CellLocator(model, LocatorSettings(size=size))
    found = [
        locator.cells(Thumbnail(window.pixels, 1.0), window.pixels.shape, (SCORES[0], SCORES[0]))
        for window in windows
    ]
    score, f1 = best_score(lambda least: _counts(windows, found, NUCLEATED, least))
    platelet, _f1 = best_score(lambda least: _counts(windows, found, PLATELET, least))
    single = round(SINGLE * score, 3)
    return replace(locator.settings, score=score, platelet_score=platelet, single_score=single), f1


def _counts(
    windows: Sequence[Window], found: Sequence[Sequence[Found]], kind: int, least: float
) -> tuple[int, int, int]:
    """Count found, missed and extra cells of one kind; what lies in an ignored box counts as neither."""
    totals = np.zeros(3, dtype=np.int64)
    for window, cells in zip(windows, found, strict=True):
        if kind == PLATELET and not window.platelets_known:
            continue
        drawn = _boxes(window.boxes[window.kinds == kind])
        ignored = _boxes(window.ignored)
        told = [c.box for c in cells if c.platelet == (kind == PLATELET) and c.score >= least]
        good = hits(told, drawn)
        spared = sum(
            not hit and any(_middle_inside(box, other) for other in ignored)
            for box, hit in zip(told, good, strict=True)
        )
        totals += (sum(good), len(drawn) - sum(good), len(told) - sum(good) - spared)
    return int(totals[0]), int(totals[1]), int(totals[2])


def _boxes(rows: Numbers) -> list[Box]:
    return [Box(*(round(float(value)) for value in row)) for row in rows]


def _middle_inside(box: Box, other: Box) -> bool:
    x, y = (box.x0 + box.x1) / 2, (box.y0 + box.y1) / 2
    return other.x0 <= x <= other.x1 and other.y0 <= y <= other.y1
