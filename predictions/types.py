"""Records that pass between the parts of the image line."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, datetime
from uuid import UUID


@dataclass(frozen=True, slots=True)
class HistoryFilters:
    """What a person asked the history for; empty values do not filter.

    ``label`` is a class of the model, ``date_from`` and ``date_to`` are whole days in the portal's time
    zone and both count in, ``person`` uploaded the field, ``text`` is a part of the file's name, ``state``
    a ``JobState``.
    """

    label: str = ""
    date_from: date | None = None
    date_to: date | None = None
    person: UUID | None = None
    mine: bool = False
    text: str = ""
    state: str = ""


ALL_STATES = "all"


@dataclass(frozen=True, slots=True)
class WorklistFilters:
    """What a person asked the worklist for; empty values do not filter.

    ``state`` is one state, ``ALL_STATES``, or empty for all that still wait for somebody. ``kind`` is a type
    of the catalogue of which a sample holds at least one cell, ``flag`` a ``Flag``, ``person`` registered the
    sample. Both dates are whole days of receipt in the portal's time zone and count in. ``text`` begins an
    accession number or is a patient reference.
    """

    state: str = ""
    kind: str = ""
    flag: str = ""
    person: UUID | None = None
    date_from: date | None = None
    date_to: date | None = None
    text: str = ""


@dataclass(frozen=True, slots=True)
class QueueStatus:
    """How much work waits for the inference workers, and for how long the oldest has waited, in seconds."""

    waiting: int
    running: int
    oldest_wait_seconds: float


@dataclass(frozen=True, slots=True)
class Cleaned:
    """An image as it is stored: re-encoded, upright, without metadata.

    ``original_sha256`` is of the bytes that came in, ``sha256`` of ``content``.
    """

    content: bytes
    sha256: str
    original_sha256: str
    media_type: str
    width: int
    height: int


@dataclass(frozen=True, slots=True)
class SampleFilters:
    """What a program asks the list of samples for; empty values do not filter.

    ``kind`` is a type of the catalogue of which a sample holds at least one cell. ``received_before`` does
    not count in.
    """

    state: str = ""
    flag: str = ""
    kind: str = ""
    site: UUID | None = None
    created_by: UUID | None = None
    received_after: datetime | None = None
    received_before: datetime | None = None


@dataclass(frozen=True, slots=True)
class FieldFilters:
    """What a program asks the list of fields for; empty values do not filter, ``created_before`` is out."""

    state: str = ""
    sample: UUID | None = None
    site: UUID | None = None
    created_by: UUID | None = None
    created_after: datetime | None = None
    created_before: datetime | None = None
