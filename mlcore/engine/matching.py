"""How well found boxes agree with drawn ones."""

from __future__ import annotations

from collections.abc import Sequence

from mlcore.engine.contracts import Box

LEAST_OVERLAP = 0.5


def overlap(a: Box, b: Box) -> float:
    """Return the area that two boxes share over the area they cover together (IoU), 0..1."""
    width = min(a.x1, b.x1) - max(a.x0, b.x0)
    height = min(a.y1, b.y1) - max(a.y0, b.y0)
    if width <= 0 or height <= 0:
        return 0.0
    shared = width * height
    return shared / (a.width * a.height + b.width * b.height - shared)


def hits(boxes: Sequence[Box], drawn: Sequence[Box], *, least_overlap: float = LEAST_OVERLAP) -> list[bool]:
    """Return for each box, most certain first, whether it finds a drawn one that no box before it found."""
    left = list(drawn)
    told = []
    for box in boxes:
        best = max(left, key=lambda other: overlap(box, other), default=None)
        hit = best is not None and overlap(box, best) >= least_overlap
        if best is not None and hit:
            left.remove(best)
        told.append(hit)
    return told
