"""Everything that a sample's report prints, gathered at the moment of signing."""

from __future__ import annotations

import hashlib
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Final

from django.conf import settings
from django.template.defaultfilters import floatformat
from django.utils import timezone
from django.utils.translation import get_language
from django.utils.translation import gettext as _

from mlcore.engine.card import never_shown
from predictions import report
from predictions.models import Analysis, CellReview, CellType, CountsAs, Sample
from predictions.pipeline import pictures
from predictions.report import content as printed
from predictions.selectors import CellState, Judged, against_previous, cell_states, quality_flags
from predictions.services.report_rows import differential

# More of them print too small to be read.
CELLS_SHOWN: Final = 8


@dataclass(frozen=True, slots=True)
class Version:
    """What only this version of a report has: who signs, its number, code, and the doctor's words.

    ``open_points`` is what was still open when it was signed nevertheless, and why.
    """

    number: int
    comment: str = ""
    open_points: tuple[str, ...] = ()
    signature: printed.Signature | None = None
    amendment: printed.Amendment | None = None
    verification: printed.Verification | None = None


def gather(sample: Sample, judged: Judged, version: Version) -> tuple[report.ReportContent, dict[str, bytes]]:
    """Return the content of a report, and its pictures by their SHA-256; without a signature a preview."""
    states = cell_states(sample)
    cells, crops = _cells(states, judged.types)
    found = report.ReportContent(
        language=get_language() or settings.LANGUAGE_CODE,
        laboratory=printed.Laboratory(sample.site.name),
        specimen=_specimen(sample),
        differential=differential(sample, judged),
        generated_at=timezone.localtime(),
        version=version.number,
        remarks=tuple(_remarks(judged)),
        criticals=tuple(_criticals(judged)),
        deltas=tuple(_deltas(sample, judged)),
        quality=tuple(flag.told for flag in quality_flags(sample)),
        rules=_rules(judged),
        open_points=(*version.open_points, *judged.notes),
        comment=version.comment,
        cells=tuple(cells),
        model=_model(sample),
        reviewers=_reviewers(sample),
        signature=version.signature,
        amendment=version.amendment,
        verification=version.verification,
        preview=version.signature is None,
    )
    return found, crops


def _specimen(sample: Sample) -> printed.Specimen:
    age = "" if sample.age_value is None else f"{sample.age_value} {sample.get_age_unit_display()}"
    return printed.Specimen(
        accession=sample.accession,
        patient_reference=sample.patient_reference,
        sex=str(sample.get_sex_display()) if sample.sex else "",
        age=age,
        site=sample.site.name,
        instrument=sample.instrument,
        stain=sample.stain,
        requester=sample.requester,
        collected_at=timezone.localtime(sample.collected_at) if sample.collected_at else None,
        received_at=timezone.localtime(sample.received_at),
    )


def _remarks(judged: Judged) -> list[printed.Remark]:
    counted = judged.counted
    told = (
        (_("Unidentified cells, not counted"), counted.unidentified),
        (_("Smudge cells"), counted.smudges),
        (_("Platelets in the pictures"), counted.platelets),
        (_("Artefacts and cells counted already, left out"), counted.artefacts),
    )
    return [printed.Remark(label, str(number)) for label, number in told if number]


def _criticals(judged: Judged) -> list[printed.Critical]:
    return [
        printed.Critical(
            sentence=one.critical.sentence,
            acknowledged_by=one.by.actor.name if one.by else "",
            acknowledged_at=timezone.localtime(one.by.at) if one.by else None,
        )
        for one in judged.criticals
    ]


def _deltas(sample: Sample, judged: Judged) -> list[printed.Delta]:
    previous = against_previous(sample, judged.counted, judged.types, judged.rules)
    if previous is None:
        return []
    names = {kind.code: kind.name for kind in judged.types}
    told = _("%(class)s: %(before)s\u00a0%% in %(sample)s, now %(now)s\u00a0%%")
    return [
        printed.Delta(
            told
            % {
                "class": names[one.code],
                "before": floatformat(one.previous_percent, 1),
                "sample": previous.sample.accession,
                "now": floatformat(one.percent, 1),
            },
            one.within_counting_error,
        )
        for one in previous.deltas
    ]


def _rules(judged: Judged) -> str:
    """Say whose ranges and limits the count was judged by."""
    version = judged.rules.version
    if version is None:
        return _("starting values from the literature, not confirmed by the laboratory")
    return _("version %(version)d of the laboratory's rules") % {"version": version}


def _cells(
    states: Sequence[CellState], types: Sequence[CellType]
) -> tuple[list[printed.Cell], dict[str, bytes]]:
    """Return one cell of each class of leukocytes, then more of the frequent ones, most certain first."""
    kinds = {kind.code: kind for kind in types if kind.counts_as == CountsAs.LEUKOCYTE}
    order = list(kinds)
    mine = [state for state in states if state.code in kinds]
    mine.sort(key=lambda state: (not state.by_person, -state.cell.confidence))
    turn: dict[str, int] = {}
    ranked = []
    for state in mine:
        turn[state.code] = turn.get(state.code, 0) + 1
        ranked.append((turn[state.code], order.index(state.code), state))
    ranked.sort(key=lambda entry: entry[:2])
    chosen = sorted(ranked[:CELLS_SHOWN], key=lambda entry: (entry[1], entry[0]))
    cells, crops = [], {}
    for _turn, _place, state in chosen:
        picture = _crop(state)
        if picture is not None:
            key = hashlib.sha256(picture).hexdigest()
            crops[key] = picture
            cells.append(printed.Cell(kinds[state.code].short, _caption(state), key))
    return cells, crops


def _crop(state: CellState) -> bytes | None:
    """Return the picture of a cell, or None where the file of its field is gone."""
    try:
        return pictures.crop(state.cell.analysis.field.image.path, (state.cell.box,), 0)
    except OSError:
        return None


def _caption(state: CellState) -> str:
    return _("by a person") if state.by_person else f"{floatformat(100 * state.cell.confidence, 1)}\u00a0%"


def _model(sample: Sample) -> printed.Model | None:
    last = (
        Analysis.objects.filter(field__sample=sample)
        .select_related("model_version")
        .order_by("-created_at")
        .first()
    )
    if last is None:
        return None
    version = last.model_version
    return printed.Model(version.version, version.sha256, tuple(never_shown(version.labels)))


def _reviewers(sample: Sample) -> tuple[str, ...]:
    names = CellReview.objects.filter(sample=sample).order_by().values_list("actor__name", flat=True)
    return tuple(sorted(set(names)))


def codes_of(judged: Judged) -> Mapping[str, int]:
    """Return how many cells of each class a report counted, for the log."""
    return {row.code: row.number for row in judged.counted.rows if row.number}
