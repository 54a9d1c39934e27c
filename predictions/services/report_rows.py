"""The rows of a report's differential, frozen at signing with what programs are told of them."""

from __future__ import annotations

from predictions.differential.counts import Row
from predictions.differential.ranges import Judgement, Quantity, ReferenceRange
from predictions.models import CellType, CountsAs, Sample
from predictions.report import content as printed
from predictions.selectors import Judged, range_of


def differential(sample: Sample, judged: Judged) -> printed.Differential:
    """Return the differential as it is printed: the classes that were found or have a range."""
    counted, unit = judged.counted, judged.rules.unit.value
    kinds = {kind.code: kind for kind in judged.types}
    rows = [
        _row(kinds[row.code], row, range_of(sample, row, judged.rules), unit)
        for row in counted.rows
        if row.number or range_of(sample, row, judged.rules)[0]
    ]
    return printed.Differential(
        rows=tuple(rows) if counted.total else (),
        counted=counted.total,
        target=sample.target,
        nrbc_per_100=counted.nrbc_per_100 if counted.nrbc else None,
        nrbc_loinc=next((kind.loinc_share for kind in judged.types if kind.counts_as == CountsAs.NRBC), ""),
        wbc=float(sample.wbc) if sample.wbc is not None else None,
        corrected_wbc=float(counted.corrected_wbc) if counted.nrbc and counted.corrected_wbc else None,
        wbc_unit=unit,
    )


def _row(
    kind: CellType, row: Row, judged: tuple[ReferenceRange | None, Judgement | None], unit: str
) -> printed.Row:
    found, verdict = judged
    percent = found if found and found.quantity == Quantity.PERCENT else None
    absolute = found if found and found.quantity != Quantity.PERCENT else None
    return printed.Row(
        short_name=kind.short,
        name=kind.name,
        count=row.number,
        percent=row.percent or 0.0,
        low=100 * row.interval.low if row.interval else 0.0,
        high=100 * row.interval.high if row.interval else 100.0,
        absolute=row.absolute,
        unit=unit if row.absolute is not None else "",
        range_text=_range_told(found, unit),
        range_low=percent.low if percent else None,
        range_high=percent.high if percent else None,
        absolute_low=absolute.low if absolute else None,
        absolute_high=absolute.high if absolute else None,
        flag=verdict.flag.value if verdict else "",
        within_error=bool(verdict and verdict.flag.value and not verdict.certain),
        code=kind.code,
        loinc_share=kind.loinc_share,
        loinc_count=kind.loinc_count,
    )


def _range_told(found: ReferenceRange | None, concentration: str) -> str:
    if found is None:
        return ""
    unit = "" if found.quantity == Quantity.PERCENT else f"\u00a0{concentration}"
    return f"{found.low:g}–{found.high:g}{unit}"
