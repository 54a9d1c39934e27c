"""What counts of a field that was read more than once, and of a cell that people spoke of more than once."""

from __future__ import annotations

from collections.abc import Iterable
from uuid import UUID

from django.db.models import OuterRef, QuerySet, Subquery

from predictions.models import Analysis, CellReview


def newest_readings(samples: Iterable[UUID]) -> QuerySet[Analysis]:
    """Return the newest reading of each field of ``samples``, by field; by whichever model it was made."""
    readings = Analysis.objects.filter(field__sample__in=samples)
    return readings.order_by("field_id", "-created_at").distinct("field_id")


def last_verdict(cell: str = "pk") -> Subquery:
    """Return the type that the last word on a cell gives it, for a query whose column ``cell`` is its key.

    Null where nobody has spoken, or where all that was said was taken back.
    """
    return Subquery(CellReview.objects.filter(cell=OuterRef(cell)).order_by("-id").values("verdict")[:1])
