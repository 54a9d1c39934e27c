"""How well found boxes agree with drawn ones."""

from __future__ import annotations

from collections.abc import Sequence

from mlcore.engine.contracts import Box


def overlap(a: Box, b: Box) -> float:
    """Return the area that two boxes share over the area they cover together (IoU), 0..1."""
    width = min(a.x1, b.x1) - max(a.x0, b.x0)
    height = min(a.y1, b.y1) - max(a.y0, b.y0)
    if width <= 0 or height <= 0:
        return 0.0
    shared = width * height
    return shared / (a.width * a.height + b.width * b.height - shared)


def found_and_missed(
    boxes: Sequence[Box], drawn: Sequence[Box], *, least_overlap: float = 0.5
) -> tuple[int, int]:
    """Return how many ``drawn`` boxes were found and how many missed; each box finds at most one."""
    left = list(drawn)
    for box in boxes:
        best = max(left, key=lambda other: overlap(box, other), default=None)
        if best is not None and overlap(box, best) >= least_overlap:
            left.remove(best)
    return len(drawn) - len(left), len(left)
