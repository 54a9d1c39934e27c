"""Images of the same bytes, among those that a person may see."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from predictions.models import Sample, SmearField
from predictions.selectors.access import visible_fields

if TYPE_CHECKING:
    from accounts.models import User


@dataclass(frozen=True, slots=True)
class Duplicate:
    """A field of a sample, by its number in it from 1, and the first field of the same uploaded bytes.

    ``earlier_number`` is the number of that one where it is of the same sample, else 0.
    """

    field: SmearField
    number: int
    earlier: SmearField
    earlier_number: int


def earlier_same(user: User, sha256: str, *, than: SmearField | None = None) -> SmearField | None:
    """Return the first field made of a file with this SHA-256, ``than`` apart; None where there is none."""
    same = visible_fields(user).filter(original_sha256=sha256).select_related("sample")
    if than:
        same = same.exclude(pk=than.pk)
    return same.order_by("created_at", "id").first()


def number_in_sample(field: SmearField) -> int:
    """Return which field of its sample this is, from 1; 0 where it has no sample."""
    if field.sample_id is None:
        return 0
    keys = SmearField.objects.filter(sample_id=field.sample_id).order_by("created_at", "id")
    return list(keys.values_list("pk", flat=True)).index(field.pk) + 1


def duplicates(user: User, sample: Sample) -> list[Duplicate]:
    """Return the fields of a sample that are copies of earlier ones, in their order; two queries."""
    mine = list(sample.fields.order_by("created_at", "id"))
    numbers = {field.pk: number for number, field in enumerate(mine, start=1)}
    same = visible_fields(user).filter(original_sha256__in={field.original_sha256 for field in mine})
    oldest = same.order_by("original_sha256", "created_at", "id").distinct("original_sha256")
    first = {one.original_sha256: one for one in oldest.select_related("sample")}
    return [
        Duplicate(field, numbers[field.pk], earlier, numbers.get(earlier.pk, 0))
        for field in mine
        if (earlier := first[field.original_sha256]).pk != field.pk
    ]
