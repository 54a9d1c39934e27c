"""What may spoil the reading of a sample's smear fields."""

from __future__ import annotations

from dataclasses import dataclass
from uuid import UUID

from django.utils.translation import gettext as _

from predictions.models import Sample
from predictions.selectors.readings import newest_readings
from predictions.vocabulary import quality_text


@dataclass(frozen=True, slots=True)
class QualityFlag:
    """A code that the model's newest reading gave to some ``fields`` (key, file name), of ``read`` in all."""

    code: str
    fields: tuple[tuple[UUID, str], ...]
    read: int

    @property
    def told(self) -> str:
        """The same as a sentence."""
        told = _("%(n)d of %(read)d fields: %(flag)s")
        return told % {"n": len(self.fields), "read": self.read, "flag": quality_text(self.code)}


def quality_flags(sample: Sample) -> list[QualityFlag]:
    """Return every code of quality that a field of the sample has now, the most frequent first; one query."""
    newest = newest_readings([sample.pk])
    read, flagged = 0, dict[str, list[tuple[UUID, str]]]()
    for field, name, codes in newest.values_list("field_id", "field__original_name", "quality"):
        read += 1
        for code in codes:
            flagged.setdefault(code, []).append((field, name))
    order = sorted(flagged.items(), key=lambda entry: (-len(entry[1]), entry[0]))
    return [QualityFlag(code, tuple(fields), read) for code, fields in order]
