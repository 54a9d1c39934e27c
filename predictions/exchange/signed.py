"""A signed report as every format for other programs takes it."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime
from typing import Final
from uuid import UUID

from predictions.report.content import ReportContent

# The unit of a concentration as it is printed -> the same in UCUM, which programs compare.
UCUM: Final = {"×10⁹/L": "10*9/L", "×10³/µL": "10*3/uL", "G/L": "10*9/L"}


@dataclass(frozen=True, slots=True)
class SignedReport:
    """One signed version: its frozen ``content``, and the names by which programs know it.

    ``sample_id`` stays the same over all versions of a sample's report, ``report_id`` is this version's.
    ``replaces`` is the version before it, None for the first. ``superseded`` says that there is a later one.
    ``order_number`` is the requester's number of the order, empty where no program ordered the sample.
    Patients are known by their reference alone; a name is never stored. ``earlier`` are the contents of the
    versions before it, oldest first, for formats in which a correction takes back what it no longer says.
    """

    report_id: UUID
    sample_id: UUID
    site_id: UUID
    version: int
    replaces: UUID | None
    superseded: bool
    code: str
    signed_by: UUID
    signer: str
    signed_at: datetime
    content: ReportContent
    order_number: str = ""
    earlier: tuple[ReportContent, ...] = ()

    @property
    def amended(self) -> bool:
        """Whether it corrects an earlier version."""
        return self.replaces is not None
