"""Files on their way, for the one who sends them."""

from __future__ import annotations

from uuid import UUID

from accounts.models import User
from predictions.models import PartialUpload


def unfinished(user: User, sample_id: UUID | None) -> list[PartialUpload]:
    """Return what ``user`` has begun to send into a sample, or into none, and not finished; oldest first."""
    mine = PartialUpload.objects.filter(owner=user, field=None, sample_id=sample_id)
    return list(mine.order_by("created_at", "id"))
