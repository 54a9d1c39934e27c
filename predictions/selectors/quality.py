"""What may spoil the reading of a sample's smear fields."""

from __future__ import annotations

from dataclasses import dataclass
from uuid import UUID

from predictions.models import Analysis, Sample


@dataclass(frozen=True, slots=True)
class QualityFlag:
    """A code that the model's newest reading gave to some ``fields`` (key, file name), of ``read`` in all."""

    code: str
    fields: tuple[tuple[UUID, str], ...]
    read: int


def quality_flags(sample: Sample) -> list[QualityFlag]:
    """Return every code of quality that a field of the sample has now, the most frequent first; one query."""
    newest = (
        Analysis.objects.filter(field__sample=sample)
        .order_by("field_id", "-created_at")
        .distinct("field_id")
        .values_list("field_id", "field__original_name", "quality")
    )
    read, flagged = 0, dict[str, list[tuple[UUID, str]]]()
    for field, name, codes in newest:
        read += 1
        for code in codes:
            flagged.setdefault(code, []).append((field, name))
    order = sorted(flagged.items(), key=lambda entry: (-len(entry[1]), entry[0]))
    return [QualityFlag(code, tuple(fields), read) for code, fields in order]
