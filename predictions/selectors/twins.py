"""Cells that may be counted twice: what can be compared, what was suggested, what of it is open."""

from __future__ import annotations

from uuid import UUID

from django.db.models import Exists, OuterRef, QuerySet, Subquery

from predictions.models import Analysis, Cell, Sample, SmearField, SuggestedTwin
from predictions.selectors.readings import last_verdict, newest_readings


def comparable_cells(field: SmearField) -> list[Cell]:
    """Return the cells of a field's sample that were read by the version that read the field last.

    Each has its field and image at hand. Platelets are left out, since nobody counts them one by one, and
    cells whose image was removed. One query.
    """
    assert field.sample_id is not None, "only fields of samples are compared"
    version = Analysis.objects.filter(field=field).order_by("-created_at").values("model_version")[:1]
    cells = Cell.objects.filter(
        analysis__in=newest_readings([field.sample_id]).values("pk"),
        analysis__model_version=Subquery(version),
        analysis__field__image__removed_at=None,
        features__isnull=False,
    )
    related = cells.exclude(label="platelet", abstained=False).select_related("analysis__field__image")
    return list(related.defer("probabilities", "reason", "look"))


def open_twins(sample: Sample) -> list[SuggestedTwin]:
    """Return the suggestions of which nobody has decided yet what the later cell is; one query.

    Of a cell that is suggested with several others only the one that agrees best.
    """
    found = _of_newest(sample).annotate(verdict=last_verdict("cell")).filter(verdict__isnull=True)
    return list(found.order_by("cell_id", "-score").distinct("cell_id"))


def suggested(sample: Sample) -> set[UUID]:
    """Return the cells of a sample that were suggested as counted already, decided or not; one query."""
    return set(_of_newest(sample).values_list("cell_id", flat=True))


def twin_of(cell: Cell) -> Cell | None:
    """Return the earlier cell that ``cell`` probably is, with its field and image; one query."""
    found = (
        SuggestedTwin.objects.filter(cell=cell)
        .select_related("twin__analysis__field__image")
        .order_by("-score")
        .first()
    )
    return found.twin if found else None


def _of_newest(sample: Sample) -> QuerySet[SuggestedTwin]:
    """Leave out what was suggested of a reading that a newer one has replaced."""
    newer = Analysis.objects.filter(
        field=OuterRef("cell__analysis__field"), created_at__gt=OuterRef("cell__analysis__created_at")
    )
    return SuggestedTwin.objects.filter(~Exists(newer), sample=sample)
