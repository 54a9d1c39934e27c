"""Everything that a report prints, as it is frozen at signing.

Times carry their offset and print in it. Percentages lie in 0..100. Texts are a person's own words and may
hold anything; the printing makes them harmless (``hematovision.core.fonts``).
"""

from __future__ import annotations

import json
from dataclasses import dataclass
from datetime import datetime
from typing import Final, Literal

from predictions.report.codec import decode, encode

MAX_CELLS: Final = 12
Flag = Literal["", "low", "high"]


@dataclass(frozen=True, slots=True)
class Laboratory:
    """The heading: the laboratory's name and the lines of its address."""

    name: str
    address: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Specimen:
    """What was looked at; an empty text or a missing time is left out of the report."""

    accession: str
    patient_reference: str = ""
    sex: str = ""
    age: str = ""
    site: str = ""
    instrument: str = ""
    stain: str = ""
    requester: str = ""
    collected_at: datetime | None = None
    received_at: datetime | None = None


@dataclass(frozen=True, slots=True)
class Row:
    """One class of the differential.

    ``low`` and ``high`` are the 95 % interval of ``percent``. ``range_text`` is the reference range as it is
    printed; ``range_low`` and ``range_high`` draw it, in percent, where it has such limits;
    ``absolute_low`` and ``absolute_high`` are those of a range of concentrations, in ``unit``. A ``flag``
    is ``within_error`` when the interval reaches back into the range. ``code`` is the catalogue's,
    ``loinc_share`` and ``loinc_count`` were the class's LOINC codes at signing; these three are told to
    programs, not printed.
    """

    short_name: str
    name: str
    count: int
    percent: float
    low: float
    high: float
    absolute: float | None = None
    unit: str = ""
    range_text: str = ""
    range_low: float | None = None
    range_high: float | None = None
    absolute_low: float | None = None
    absolute_high: float | None = None
    flag: Flag = ""
    within_error: bool = False
    code: str = ""
    loinc_share: str = ""
    loinc_count: str = ""


@dataclass(frozen=True, slots=True)
class Differential:
    """The leukocytes counted, and what belongs beside them; white cells per ``wbc_unit``.

    ``nrbc_loinc`` is the LOINC code of nucleated red cells per 100 leukocytes at signing.
    """

    rows: tuple[Row, ...] = ()
    counted: int = 0
    target: int = 0
    nrbc_per_100: float | None = None
    nrbc_loinc: str = ""
    wbc: float | None = None
    corrected_wbc: float | None = None
    wbc_unit: str = "×10⁹/L"


@dataclass(frozen=True, slots=True)
class Remark:
    """A finding beside the count, such as "Platelets" and what was seen of them."""

    label: str
    text: str


@dataclass(frozen=True, slots=True)
class Critical:
    """A critical value as a sentence, and who took note of it when (empty while nobody has)."""

    sentence: str
    acknowledged_by: str = ""
    acknowledged_at: datetime | None = None


@dataclass(frozen=True, slots=True)
class Delta:
    """A change against the patient's previous sample, as a sentence."""

    sentence: str
    within_error: bool = False


@dataclass(frozen=True, slots=True)
class Cell:
    """A representative cell; its picture is handed in apart and known by the SHA-256 of its bytes."""

    short_name: str
    caption: str
    sha256: str


@dataclass(frozen=True, slots=True)
class Model:
    """What pre-classified the cells, what it was never shown, and what else limits it."""

    version: str
    sha256: str
    never_shown: tuple[str, ...] = ()
    limits: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Signature:
    """Who signed, in what role, when."""

    name: str
    role: str
    at: datetime


@dataclass(frozen=True, slots=True)
class Amendment:
    """Why this version replaces an earlier one."""

    replaces: int
    reason: str


@dataclass(frozen=True, slots=True)
class Verification:
    """The code under which anybody can confirm this version, and where."""

    code: str
    address: str


@dataclass(frozen=True, slots=True)
class ReportContent:
    """One version of a report.

    ``language`` is a language code of Django, in which the report's own words are printed. A ``preview`` is
    marked as not signed on every page, a ``replaced`` version as one that a newer one exists of. ``quality``
    are sentences on the pictures, ``open_points`` says what was open at signing and why it was signed all the
    same, ``rules`` which ranges and limits the count was judged by.

    Raises:
        ValueError: neither signed nor a preview, more cells than fit, or a time without an offset.
    """

    language: str
    laboratory: Laboratory
    specimen: Specimen
    differential: Differential
    generated_at: datetime
    version: int = 1
    remarks: tuple[Remark, ...] = ()
    criticals: tuple[Critical, ...] = ()
    deltas: tuple[Delta, ...] = ()
    quality: tuple[str, ...] = ()
    open_points: tuple[str, ...] = ()
    rules: str = ""
    comment: str = ""
    cells: tuple[Cell, ...] = ()
    model: Model | None = None
    reviewers: tuple[str, ...] = ()
    signature: Signature | None = None
    amendment: Amendment | None = None
    verification: Verification | None = None
    preview: bool = False
    replaced: bool = False

    def __post_init__(self) -> None:
        if not (self.preview or self.signature):
            raise ValueError("A report is signed or a preview.")
        if len(self.cells) > MAX_CELLS:
            raise ValueError(f"A report shows at most {MAX_CELLS} cells.")
        if any(time and time.utcoffset() is None for time in self._times()):
            raise ValueError("A time on a report says which zone it is of.")

    def _times(self) -> list[datetime | None]:
        signed = self.signature.at if self.signature else None
        noted = [critical.acknowledged_at for critical in self.criticals]
        return [self.generated_at, self.specimen.collected_at, self.specimen.received_at, signed, *noted]


def to_json(content: ReportContent) -> str:
    """Return ``content`` as JSON; equal contents give equal text, so its hash may be kept.

    Raises:
        ValueError: a number is not finite.
    """
    return json.dumps(encode(ReportContent, content), sort_keys=True, allow_nan=False)


def from_json(text: str) -> ReportContent:
    """Return the content that ``to_json`` wrote.

    Raises:
        ValueError: the text is no JSON of a report.
    """
    content: ReportContent = decode(ReportContent, json.loads(text))
    return content
