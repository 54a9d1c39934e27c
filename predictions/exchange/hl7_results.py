"""The single results of a signed report, as an ORU^R01 tells them."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Final

from predictions.exchange import er7
from predictions.exchange.signed import UCUM
from predictions.report.content import Differential, ReportContent, Row

# HL7's table 0396 keeps names that begin with 99 for codes of one's own.
OWN_CODES: Final = "99HV"
LOINC_COUNTED: Final = "11282-1"
LOINC_NRBC: Final = "19048-8"
FLAGS: Final = {"low": "L", "high": "H", "": ""}


@dataclass(frozen=True, slots=True)
class Result:
    """One figure: its LOINC code where it has one, our own code, value, unit (UCUM and as printed), range.

    ``flag`` is HL7's (H, L or nothing). ``note`` says how sure the figure is.
    """

    loinc: str
    code: str
    name: str
    value: str
    unit: tuple[str, str]
    reference: str = ""
    flag: str = ""
    note: str = ""

    @property
    def key(self) -> tuple[str, str]:
        """By what a receiver knows it again in the next version."""
        return self.loinc, self.code

    @property
    def identifier(self) -> str:
        """OBX-3: LOINC first with our code beside it, or our code alone."""
        mine = (er7.text(self.code), er7.text(self.name), OWN_CODES)
        return (
            er7.joined(er7.text(self.loinc), er7.text(self.name), "LN", *mine)
            if self.loinc
            else er7.joined(*mine)
        )

    @property
    def units(self) -> str:
        """OBX-6."""
        return er7.joined(*map(er7.text, self.unit), "UCUM")


def results(content: ReportContent) -> Iterator[Result]:
    """Yield each class's share and, where the white cells were known, its concentration; then the totals."""
    differential = content.differential
    for row in differential.rows:
        yield _share(row, differential.counted)
        if row.absolute is not None:
            yield _concentration(row, row.absolute)
    yield from _totals(differential)


def _share(row: Row, counted: int) -> Result:
    note = (
        f"n={row.count} of {counted}; 95% interval {er7.number(row.low, 1)} to {er7.number(row.high, 1)} %"
        f"{'; within counting error' if row.within_error else ''}"
    )
    reference = _range(row.range_low, row.range_high)
    return Result(
        row.loinc_share,
        row.code,
        row.name,
        er7.number(row.percent, 1),
        ("%", "%"),
        reference,
        FLAGS[row.flag] if reference else "",
        note,
    )


def _concentration(row: Row, value: float) -> Result:
    reference = _range(row.absolute_low, row.absolute_high)
    return Result(
        row.loinc_count,
        f"{row.code}-count",
        row.name,
        er7.number(value, 2),
        (UCUM[row.unit], row.unit),
        reference,
        FLAGS[row.flag] if reference else "",
    )


def _range(low: float | None, high: float | None) -> str:
    return "" if low is None or high is None else f"{low:g}-{high:g}"


def _totals(differential: Differential) -> Iterator[Result]:
    counted = str(differential.counted)
    yield Result(LOINC_COUNTED, "counted", "Leukocytes counted", counted, ("{cells}", "cells"))
    if differential.nrbc_per_100 is not None:
        yield Result(
            differential.nrbc_loinc or LOINC_NRBC,
            "nrbc",
            "Nucleated red cells per 100 leukocytes",
            er7.number(differential.nrbc_per_100, 1),
            ("/100{WBCs}", "/100 WBC"),
        )
    if differential.corrected_wbc is not None:
        unit = (UCUM[differential.wbc_unit], differential.wbc_unit)
        value = er7.number(differential.corrected_wbc, 2)
        yield Result("", "wbc-corrected", "Leukocytes, corrected for nucleated red cells", value, unit)
