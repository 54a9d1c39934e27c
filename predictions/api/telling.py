"""What the API says about samples, cells, counts, events and reports."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, Final

from django.urls import reverse

from predictions.differential.counts import Row
from predictions.differential.intervals import Interval
from predictions.models import Cell, Report, Sample, SampleEvent, SmearField
from predictions.selectors import CellState, Judged, Noted, fields_counted, judged, range_of, versions_of
from predictions.services.samples import FACTS

PARTS: Final = ("fields", "cells", "differential", "reports", "events", "submit")


def samples_told(samples: Sequence[Sample]) -> list[dict[str, Any]]:
    """Return samples as JSON; one query for all of them."""
    fields = fields_counted([sample.pk for sample in samples])
    return [_sample(sample, fields.get(sample.pk, 0)) for sample in samples]


def sample_told(sample: Sample) -> dict[str, Any]:
    """Return one sample as JSON."""
    return samples_told([sample])[0]


def _sample(sample: Sample, fields: int) -> dict[str, Any]:
    links = {part: reverse(f"api_sample_{part}", args=[sample.pk]) for part in PARTS}
    return {
        "id": str(sample.pk),
        **{name: getattr(sample, name) for name in FACTS},
        "wbc": None if sample.wbc is None else float(sample.wbc),
        "state": sample.state,
        "revision": sample.revision,
        "flags": sample.flags,
        "fields": fields,
        "site": str(sample.site_id),
        "created_by": str(sample.created_by_id),
        "created_at": sample.created_at,
        "links": {
            "self": reverse("api_sample", args=[sample.pk]),
            **links,
            "page": reverse("sample", args=[sample.pk]),
        },
    }


def field_told(field: SmearField) -> dict[str, Any]:
    """Return a field as a list shows it; its cells are at ``links.self``."""
    return {
        "id": str(field.pk),
        "state": field.job.state,
        "sample": str(field.sample_id) if field.sample_id else None,
        "single": field.single,
        "width": field.image.width,
        "height": field.image.height,
        "failure": field.job.failure_code or None,
        "site": str(field.site_id),
        "created_by": str(field.uploaded_by_id),
        "created_at": field.created_at,
        "links": {
            "self": reverse("api_field", args=[field.pk]),
            "image": reverse("api_image", args=[field.pk]),
        },
    }


def cell_told(cell: Cell, state: CellState) -> dict[str, Any]:
    """Return a cell as JSON: what the model said of it, and what holds now."""
    review = state.review
    return {
        "id": str(cell.pk),
        "field": str(cell.analysis.field_id),
        "number": cell.number,
        "box": list(cell.box),
        "predicted_label": cell.label,
        "confidence": round(cell.confidence * 100, 2),
        "probabilities": cell.probabilities,
        "abstained": cell.abstained,
        "reason": cell.reason,
        "code": state.code or None,
        "by_person": state.by_person,
        "changed": state.changed,
        "seen": state.seen,
        "reviewed_by": review.actor.name if review else None,
        "reviewed_at": review.at if review else None,
        "links": {
            "field": reverse("api_field", args=[cell.analysis.field_id]),
            "reviews": reverse("api_cell_reviews", args=[cell.pk]),
        },
    }


def differential_told(sample: Sample) -> dict[str, Any]:
    """Return the count of a sample and what the rules make of it, as its page shows them now."""
    found = judged(sample)
    counted, names = found.counted, {kind.code: kind.name for kind in found.types}
    return {
        "sample": str(sample.pk),
        "revision": sample.revision,
        "target": sample.target,
        "counted": counted.total,
        "rows": [_row(sample, row, found, names) for row in counted.rows],
        "unidentified": counted.unidentified,
        "nrbc": counted.nrbc,
        "nrbc_per_100": counted.nrbc_per_100,
        "wbc": _number(counted.wbc),
        "corrected_wbc": _number(counted.corrected_wbc),
        "smudges": counted.smudges,
        "smudge_policy": counted.smudge_policy.value,
        "platelets": counted.platelets,
        "artefacts": counted.artefacts,
        "flags": sample.flags,
        "criticals": [_critical(one) for one in found.criticals],
        "blocks": found.blocks,
        "notes": list(found.notes),
        "rules_version": found.rules.version,
        "model_versions": versions_of(sample),
    }


def _row(sample: Sample, row: Row, found: Judged, names: dict[str, str]) -> dict[str, Any]:
    usual, judgement = range_of(sample, row, found.rules)
    low, high = _limits(row.interval.scaled(100) if row.interval else None)
    absolute_low, absolute_high = _limits(row.absolute_interval)
    usual_told = {"quantity": usual.quantity.value, "low": usual.low, "high": usual.high} if usual else None
    return {
        "code": row.code,
        "name": names.get(row.code, row.code),
        "count": row.number,
        "percent": row.percent,
        "percent_low": low,
        "percent_high": high,
        "absolute": row.absolute,
        "absolute_low": absolute_low,
        "absolute_high": absolute_high,
        "range": usual_told,
        "flag": judgement.flag.value if judgement else "",
        "certain": judgement.certain if judgement else None,
    }


def _limits(interval: Interval | None) -> tuple[float | None, float | None]:
    return (interval.low, interval.high) if interval else (None, None)


def _number(value: Any) -> float | None:
    return None if value is None else float(value)


def _critical(one: Noted) -> dict[str, Any]:
    return {
        "key": one.key,
        "sentence": one.critical.sentence,
        "noted_by": one.by.actor.name if one.by else None,
        "noted_at": one.by.at if one.by else None,
    }


def event_told(event: SampleEvent) -> dict[str, Any]:
    """Return something that happened to a sample; ``event`` comes with who did it."""
    return {
        "revision": event.revision,
        "kind": event.kind,
        "at": event.at,
        "by": event.actor.name if event.actor else None,
        "detail": event.detail,
    }


def report_told(report: Report, newest: int) -> dict[str, Any]:
    """Return a signed version; it comes with who signed, ``newest`` is the sample's last version."""
    return {
        "id": str(report.pk),
        "sample": str(report.sample_id),
        "version": report.version,
        "superseded": report.version < newest,
        "reason": report.reason,
        "signed_by": report.signed_by.name,
        "signed_at": report.signed_at,
        "code": report.code,
        "sha256": report.sha256,
        "links": {
            "self": reverse("api_report", args=[report.pk]),
            "pdf": reverse("api_report_pdf", args=[report.pk]),
            "fhir": reverse("api_report_fhir", args=[report.pk]),
        },
    }
