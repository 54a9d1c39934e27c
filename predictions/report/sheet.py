"""The report in words: every text that the template sets, in the report's language.

The template holds no words and computes nothing of the content. It takes a sheet as JSON, in which all
texts are mere data.
"""

from __future__ import annotations

from datetime import datetime
from typing import Any

from django.utils import dateformat
from django.utils.translation import gettext as _

from predictions.report.content import Cell, Critical, Delta, ReportContent, Signature
from predictions.report.table import Pairs, table


def sheet(content: ReportContent) -> dict[str, Any]:
    """Return what the template sets, as JSON knows it; the active language is that of the report."""
    return {
        "title": _("Blood smear differential"),
        "document": f"{_('Blood smear differential')} {content.specimen.accession}, {_version(content)}",
        "laboratory": {"name": content.laboratory.name, "address": content.laboratory.address},
        "version": _version(content),
        "watermark": _watermark(content),
        "notices": _notices(content),
        "specimen": _specimen(content),
        "running": [content.specimen.accession, content.specimen.patient_reference],
        "criticals": {"title": _("Critical values"), "items": [_critical(one) for one in content.criticals]},
        "differential": table(content.differential),
        "rules": _("Reference ranges and limits: %s.") % content.rules if content.rules else "",
        "findings": {"title": _("Findings and notes"), "items": _findings(content)},
        "comment": {"title": _("Comment"), "lines": content.comment.splitlines()},
        "cells": {"title": _("Representative cells"), "items": [_cell(cell) for cell in content.cells]},
        "model": {"title": _("Model and its limits"), "items": _model(content)},
        "signature": {"title": _("Review and signature"), "items": _signature(content)},
        "verification": _verification(content),
        "footer": [
            content.specimen.accession,
            _version(content),
            _("printed %s") % _time(content.generated_at),
        ],
        "page": _("page %(page)s of %(pages)s") % {"page": "{page}", "pages": "{pages}"},
    }


def _version(content: ReportContent) -> str:
    return _("version %d") % content.version


def _watermark(content: ReportContent) -> str:
    if content.preview:
        return _("PREVIEW – not signed")
    return _("REPLACED – a newer version exists") if content.replaced else ""


def _notices(content: ReportContent) -> Pairs:
    """Return what a reader must know before reading on."""
    notices = []
    if content.preview:
        notices.append((_("Preview"), _("Not signed. Nothing here may be reported to anybody.")))
    if content.replaced:
        notices.append((_("Replaced"), _("A newer version of this report exists. Use that one.")))
    if content.amendment:
        replaces = _("Amended, replaces version %d") % content.amendment.replaces
        notices.append((replaces, content.amendment.reason))
    return notices


def _specimen(content: ReportContent) -> Pairs:
    """Return the sample as labels and values, without what is not known."""
    specimen = content.specimen
    pairs = [
        (_("Accession number"), specimen.accession),
        (_("Patient reference"), specimen.patient_reference),
        (_("Sex"), specimen.sex),
        (_("Age at collection"), specimen.age),
        (_("Collected"), _time(specimen.collected_at)),
        (_("Requester"), specimen.requester),
        (_("Instrument"), specimen.instrument),
        (_("Stain"), specimen.stain),
        (_("Site"), specimen.site),
        (_("Received"), _time(specimen.received_at)),
    ]
    return [(label, value) for label, value in pairs if value]


def _critical(critical: Critical) -> list[str]:
    """Return a critical value and who took note; a name stands alone, as it may run from right to left."""
    if not critical.acknowledged_by:
        return [critical.sentence, _("Not acknowledged")]
    noted = [critical.acknowledged_by, _time(critical.acknowledged_at)]
    return [critical.sentence, _("Acknowledged by"), *noted]


def _findings(content: ReportContent) -> Pairs:
    remarks = [(remark.label, remark.text) for remark in content.remarks]
    deltas = [(_("Change since last"), _delta(delta)) for delta in content.deltas]
    quality = [(_("Picture quality"), note) for note in content.quality]
    return remarks + deltas + quality + [(_("Open at signing"), point) for point in content.open_points]


def _delta(delta: Delta) -> str:
    return f"{delta.sentence} ({_('within counting error')})" if delta.within_error else delta.sentence


def _cell(cell: Cell) -> dict[str, str]:
    said = {"short": cell.short_name, "caption": cell.caption}
    alt = _("Photograph of a representative cell, %(short)s: %(caption)s") % said
    return {"short": cell.short_name, "caption": cell.caption, "alt": alt, "sha256": cell.sha256}


def _model(content: ReportContent) -> Pairs:
    model = content.model
    if model is None:
        return []
    pairs = [(_("Pre-classified by"), f"{model.version}, SHA-256 {model.sha256}")]
    if model.never_shown:
        pairs.append((_("Never shown to it"), ", ".join(model.never_shown)))
    labels = [_("Limits")] + [""] * len(model.limits)
    return pairs + list(zip(labels, model.limits, strict=False))


def _signature(content: ReportContent) -> Pairs:
    signed = _signed(content.signature) if content.signature else [(_("Signed by"), _("nobody yet"))]
    return signed + [(_("Reviewed by"), name) for name in content.reviewers]


def _signed(signature: Signature) -> Pairs:
    pairs = [
        (_("Signed by"), signature.name),
        (_("Role"), signature.role),
        (_("Signed"), _time(signature.at)),
    ]
    return [pair for pair in pairs if pair[1]]


def _verification(content: ReportContent) -> dict[str, str] | None:
    if content.verification is None:
        return None
    return {
        "title": _("Verify this report"),
        "code": content.verification.code,
        "address": content.verification.address,
    }


def _time(value: datetime | None) -> str:
    """Return a time in its own zone, with that zone's distance from UTC."""
    if value is None:
        return ""
    return f"{dateformat.format(value, 'j M Y, H:i')} {value.isoformat(timespec='minutes')[-6:]}"
