"""Reports with every part filled, of drawn cells."""

import hashlib
import io
from datetime import datetime, timedelta, timezone

from PIL import Image

from predictions.report.content import (
    Cell,
    Critical,
    Delta,
    Differential,
    Laboratory,
    Model,
    Remark,
    ReportContent,
    Row,
    Signature,
    Specimen,
    Verification,
)
from predictions.synthetic import draw_field

ZONE = timezone(timedelta(hours=-3, minutes=-30))
NAMES = {
    "Latin": "José Ångström-Łukasiewicz",
    "Greek": "Ελένη Παπαδοπούλου",
    "Cyrillic": "Наталья Ёлкина",
    "Arabic": "محمد عبد الله",
    "Hebrew": "שָׁלוֹם כהן",
    "Devanagari": "श्रीमती प्रिया शर्मा",
    "Han": "张伟",
    "kana": "やまだ タロウ",
    "Hangul": "김철수",
}


def moment(hour, minute):
    return datetime(2026, 11, 21, hour, minute, tzinfo=ZONE)


def row(place, **changes):
    """A class whose numbers are all unlike those of other places."""
    facts = {
        "short_name": f"C{place:02}",
        "name": f"Class {place}",
        "count": 100 + place,
        "percent": 20.1 + place,
        "low": 10.2 + place,
        "high": 30.3 + place,
        "absolute": 1.47 + place,
        "unit": "×10⁹/L",
        "range_text": f"{40 + place} – {70 + place}",
        "range_low": 40.0 + place,
        "range_high": 70.0 + place,
        "flag": "low",
    }
    return Row(**(facts | changes))


def pictures(count, media_format="JPEG"):
    """Drawn cells of 150 x 150 pixels, by the hash of their bytes."""
    made = {}
    for seed in range(count):
        field = draw_field(seed, labels=["neutrophil"])
        box = field.cells[0].box
        left, top = (box.x0 + box.x1) // 2 - 75, (box.y0 + box.y1) // 2 - 75
        content = io.BytesIO()
        Image.fromarray(field.image).crop((left, top, left + 150, top + 150)).save(content, media_format)
        made[hashlib.sha256(content.getvalue()).hexdigest()] = content.getvalue()
    return made


def report(crops=(), **changes):
    """A signed report with every part filled; ``changes`` replace parts."""
    facts = {
        "language": "en",
        "laboratory": Laboratory("Haematology of St. Brendan", ("12 Harbour Road", "Cork T12 AB34")),
        "specimen": Specimen(
            accession="HV-26-004817",
            patient_reference="P-7731-KX",
            sex="Female",
            age="65 years",
            site="Main laboratory",
            instrument="Olympus BX53",
            stain="May-Grünwald-Giemsa",
            requester="Dr S. O’Connor",
            collected_at=moment(9, 12),
            received_at=moment(10, 30),
        ),
        "differential": Differential(
            rows=(row(1), row(2, flag="high", within_error=True), row(3, flag="")),
            counted=306,
            target=400,
            nrbc_per_100=2.6,
            wbc=14.52,
            corrected_wbc=14.15,
        ),
        "generated_at": moment(11, 48),
        "version": 7,
        "remarks": (Remark("Platelets", "Adequate, 5 giant ones."),),
        "criticals": (Critical("Blasts seen: 2 of 306.", "Dr A. Rahman", moment(11, 31)), Critical("Low.")),
        "deltas": (Delta("Neutrophils were 61.7 %."), Delta("Monocytes were 4.9 %.", within_error=True)),
        "quality": ("11 of 12 fields good.",),
        "comment": "Left shift.\n\nPlease repeat in 24 hours.",
        "cells": tuple(Cell(f"C{place}", f"Caption {place}", sha256) for place, sha256 in enumerate(crops)),
        "model": Model("v3", "ab" * 32, ("band", "blast"), ("One stain only.", "Two cameras only.")),
        "reviewers": ("L. Ortega",),
        "signature": Signature("Dr Amina Rahman", "Consultant", moment(11, 47)),
        "verification": Verification("7K4M-Q2XH-9TRC", "https://lab.example/verify/"),
    }
    return ReportContent(**(facts | changes))
