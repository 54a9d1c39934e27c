"""Files on their way, for the one who sends them."""

from __future__ import annotations

from uuid import UUID

from django.db.models import Count, Sum

from accounts.models import User
from predictions.models import PartialUpload


def unfinished_total() -> tuple[int, int]:
    """Return how many files are on their way in the whole portal, and how many bytes of them have come."""
    total = PartialUpload.objects.filter(field=None).aggregate(files=Count("pk"), size=Sum("received"))
    return total["files"], total["size"] or 0


def unfinished(user: User, sample_id: UUID | None) -> list[PartialUpload]:
    """Return the files of which ``user`` has sent a part into a sample, or into none; oldest first."""
    mine = PartialUpload.objects.filter(owner=user, field=None, received__gt=0)
    there = mine.filter(sample_id=sample_id) if sample_id else mine.filter(sample=None)
    return list(there.order_by("created_at", "id"))
