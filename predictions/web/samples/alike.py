"""Cells beside a cell: its twin in an overlapping field, and the verified ones that look like it."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from django.urls import reverse

from predictions.models import Cell, CellType
from predictions.selectors import SimilarCell, twin_of

# How much of the field is shown around two cells that are compared, in lengths of the larger one.
AROUND = 3.4


@dataclass(frozen=True, slots=True)
class TwinView:
    """One of two cells that may be the same: its field, its box, and the part of the field around it.

    ``view`` is an SVG view box; both cells of a pair have one of the same size.
    """

    id: UUID
    field_url: str
    width: int
    height: int
    x: int
    y: int
    box_width: int
    box_height: int
    view: str


@dataclass(frozen=True, slots=True)
class Likeness:
    """A verified cell as the context shows it; ``accession`` is empty for a sample of another site."""

    kind: CellType
    crop_url: str
    sample_url: str
    accession: str
    by: str
    at: datetime
    looked: bool


def twins_shown(cell: Cell) -> list[TwinView]:
    """Return a cell and the earlier one that it probably is, the earlier first; empty where there is none."""
    twin = twin_of(cell)
    if twin is None:
        return []
    side = AROUND * max(max(x1 - x0, y1 - y0) for x0, y0, x1, y1 in (twin.box, cell.box))
    return [_view(twin, side), _view(cell, side)]


def _view(cell: Cell, side: float) -> TwinView:
    image = cell.analysis.field.image
    x0, y0, x1, y1 = cell.box
    left, top = (x0 + x1 - side) / 2, (y0 + y1 - side) / 2
    return TwinView(
        id=cell.pk,
        field_url=reverse("field_image", args=[cell.analysis.field_id]),
        width=image.width,
        height=image.height,
        x=x0,
        y=y0,
        box_width=x1 - x0,
        box_height=y1 - y0,
        view=f"{left:.1f} {top:.1f} {side:.1f} {side:.1f}",
    )


def likeness(one: SimilarCell, site: UUID) -> Likeness:
    """Return a verified cell for somebody of ``site``, who may see its sample."""
    sample = one.sample
    return Likeness(
        kind=one.kind,
        crop_url=reverse("cell_crop", args=[one.cell.pk]),
        sample_url=reverse("sample", args=[sample.pk]),
        accession=sample.accession if sample.site_id == site else "",
        by=one.by,
        at=one.at,
        looked=one.looked,
    )
