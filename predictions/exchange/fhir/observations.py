"""The differential as Observations: each with its own stable id, so that a later version meets it again."""

from __future__ import annotations

from typing import Any

from django.utils.translation import gettext as _

from predictions.exchange.fhir import names
from predictions.exchange.fhir.names import LOINC, Resource, concept, quantity, rounded, said
from predictions.exchange.signed import UCUM, SignedReport
from predictions.report.content import Flag, ReportContent, Row

PRECISION = "http://terminology.hl7.org/CodeSystem/precision-estimate-type"
FLAGS: dict[Flag, tuple[str, str]] = {"low": ("L", "Low"), "high": ("H", "High")}


def observations(signed: SignedReport, content: ReportContent) -> dict[str, Resource]:
    """Return every value of ``content``, that of ``signed`` or of an earlier version, by its id.

    Percentages and concentrations are rounded as they are printed, so that programs show what was signed;
    the counts beside them are exact.
    """
    found = [_total(signed, content), *_white_cells(signed, content), *_nucleated(signed, content)]
    for row in content.differential.rows:
        found.append(_share(signed, content, row))
        if row.absolute is not None:
            found.append(_concentration(signed, content, row, row.absolute))
    return {one["id"]: one for one in found}


def withdrawn(signed: SignedReport) -> dict[str, Resource]:
    """Return what earlier versions told and this one does not, without a value and marked as an error.

    A server keeps what it was told once. Whoever reads it there has to see that it does not hold any more.
    """
    now = observations(signed, signed.content)
    why = _("Version %(n)d of the report does not hold this value.") % {"n": signed.version}
    kept = ("resourceType", "id", "category", "code", "subject", "specimen", "issued")
    return {
        name: {key: one[key] for key in kept if key in one}
        | {"status": "entered-in-error", "note": [{"text": why}]}
        for earlier in signed.earlier
        for name, one in observations(signed, earlier).items()
        if name not in now
    }


def _one(signed: SignedReport, name: str, code: Resource, **parts: Any) -> Resource:
    """Return the Observation ``name`` of the sample with what all have in common."""
    collected = signed.content.specimen.collected_at
    common = {
        "resourceType": "Observation",
        "id": names.key(signed.sample_id, f"Observation/{name}"),
        "status": names.status(signed),
        "category": [
            concept("", ("http://terminology.hl7.org/CodeSystem/observation-category", "laboratory"))
        ],
        "code": code,
        "subject": names.patient(signed),
        "effectiveDateTime": collected.isoformat(timespec="seconds") if collected else None,
        "issued": signed.signed_at.isoformat(timespec="milliseconds"),
        "performer": [names.laboratory(signed)],
        "specimen": names.reference(names.key(signed.sample_id, "Specimen")),
    }
    return said({**common, **parts})


def _pointer(signed: SignedReport, name: str) -> Resource:
    return names.reference(names.key(signed.sample_id, f"Observation/{name}"))


def _total(signed: SignedReport, content: ReportContent) -> Resource:
    code = concept(_("Leukocytes counted"), (LOINC, names.CELLS_COUNTED))
    return _one(
        signed, "total", code, valueQuantity=quantity(content.differential.counted, _("cells"), "{cells}")
    )


def _white_cells(signed: SignedReport, content: ReportContent) -> list[Resource]:
    """Return the analyser's count, and the same without the nucleated red cells where there were any."""
    found, counted = [], content.differential
    unit = (counted.wbc_unit, UCUM[counted.wbc_unit])
    if counted.wbc is not None:
        code = concept(_("Leukocytes"), (LOINC, names.WBC))
        found.append(_one(signed, "wbc", code, valueQuantity=quantity(rounded(counted.wbc, 2), *unit)))
    if counted.corrected_wbc is not None:
        code = concept(_("Leukocytes, corrected for nucleated red cells"), (LOINC, names.CORRECTED_WBC))
        value = quantity(rounded(counted.corrected_wbc, 2), *unit)
        sources = [_pointer(signed, "wbc"), _pointer(signed, "nrbc")]
        found.append(_one(signed, "corrected-wbc", code, valueQuantity=value, derivedFrom=sources))
    return found


def _nucleated(signed: SignedReport, content: ReportContent) -> list[Resource]:
    counted = content.differential
    if counted.nrbc_per_100 is None:
        return []
    code = concept(_("Nucleated red cells per 100 leukocytes"), (LOINC, counted.nrbc_loinc))
    value = quantity(rounded(counted.nrbc_per_100, 1), "/100 WBC", "/100{WBCs}")
    return [_one(signed, "nrbc", code, valueQuantity=value, device=_device(signed, content))]


def _share(signed: SignedReport, content: ReportContent, row: Row) -> Resource:
    """Return a class's share with the cells it was counted from and its 95 % interval as components."""
    own = row.range_low is not None or row.absolute_low is None
    return _one(
        signed,
        f"share/{row.code}",
        concept(row.name, (LOINC, row.loinc_share), (names.system(signed, "cell-type"), row.code)),
        valueQuantity=quantity(rounded(row.percent, 1), "%", "%"),
        **(_judged(row, row.range_low, row.range_high, ("%", "%")) if own else {}),
        device=_device(signed, content),
        component=_evidence(content.differential.counted, row),
    )


def _evidence(counted: int, row: Row) -> list[Resource]:
    """Return n, the class's part of it, and the exact interval."""
    total = quantity(counted, _("cells"), "{cells}")
    low, high = (quantity(rounded(limit, 1), "%", "%") for limit in (row.low, row.high))
    return [
        {
            "code": concept(_("Leukocytes counted"), (LOINC, names.CELLS_COUNTED)),
            "valueQuantity": total,
        },
        {
            "code": concept(_("Cells of this class, of the leukocytes counted")),
            "valueRatio": {"numerator": quantity(row.count, _("cells"), "{cells}"), "denominator": total},
        },
        {
            "code": concept(_("95 % confidence interval (Clopper-Pearson)"), (PRECISION, "CI")),
            "valueRange": {"low": low, "high": high},
        },
    ]


def _concentration(signed: SignedReport, content: ReportContent, row: Row, value: float) -> Resource:
    unit = (row.unit, UCUM[row.unit])
    limited = row.absolute_low is not None
    white = "wbc" if content.differential.corrected_wbc is None else "corrected-wbc"
    own = (names.system(signed, "cell-type-concentration"), row.code)
    return _one(
        signed,
        f"concentration/{row.code}",
        concept(_("%(class)s, concentration") % {"class": row.name}, (LOINC, row.loinc_count), own),
        valueQuantity=quantity(rounded(value, 2), *unit),
        **(_judged(row, row.absolute_low, row.absolute_high, unit) if limited else {}),
        derivedFrom=[_pointer(signed, f"share/{row.code}"), _pointer(signed, white)],
    )


def _judged(row: Row, low: float | None, high: float | None, unit: tuple[str, str]) -> dict[str, Any]:
    """Return the reference range, on which side of it the value lies, and if counting error explains it."""
    limits = {
        "low": None if low is None else quantity(low, *unit),
        "high": None if high is None else quantity(high, *unit),
        "text": row.range_text,
    }
    flagged = FLAGS.get(row.flag)
    error = _("The 95 % interval reaches back into the reference range.")
    return {
        "referenceRange": [said(limits)] if row.range_text else [],
        "interpretation": [concept(flagged[1], (f"{names.V3}ObservationInterpretation", flagged[0]))]
        if flagged
        else [],
        "note": [{"text": error}] if row.within_error else [],
    }


def _device(signed: SignedReport, content: ReportContent) -> Resource | None:
    model = content.model
    return names.reference(names.key(signed.site_id, f"Device/{model.sha256}")) if model else None
