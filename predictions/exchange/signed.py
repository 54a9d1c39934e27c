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
    ``order_number`` is the requester's number of the order, ``order_system`` and ``patient_system`` say whose
    numbers that and the patient's reference are; all are empty where no program ordered the sample.
    ``pdf_size`` in bytes and ``pdf_sha1`` are of the stored file. ``earlier`` are the contents of the
    versions before this one, so that a value that has gone can be taken back where it was sent.
    Patients are known by their reference alone; a name is never stored.
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
    order_system: str = ""
    patient_system: str = ""
    pdf_size: int = 0
    pdf_sha1: bytes = b""
    earlier: tuple[ReportContent, ...] = ()

    @property
    def amended(self) -> bool:
        """Whether it corrects an earlier version."""
        return self.replaces is not None
