"""An evaluation as PDF: its figures, its pictures, and each picture in words."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any, Final

from django.utils.translation import get_language
from django.utils.translation import gettext as _

from hematovision.core.typesetting import typeset
from mlcore.registry.evaluating import folder_of
from mlcore.registry.models import Evaluation
from mlcore.web.comparing import Drawing, drawings, leak_of, leak_text, measured_set, set_name
from mlcore.web.shares import Share, interval

TEMPLATE: Final = Path(__file__).with_name("evaluation.typ")
WIDE: Final = frozenset({"mistakes.png", "confusion.png"})


def evaluation_pdf(one: Evaluation) -> bytes:
    """Return a finished evaluation as a tagged PDF/UA-1 on A4; it names the hashes of model and data.

    Raises:
        OSError: a picture is missing on the disk.
    """
    shown = drawings(one)
    pictures = {each.name: (folder_of(one) / each.name).read_bytes() for each in shown}
    assert one.finished_at is not None
    return typeset(
        TEMPLATE,
        _sheet(one, shown),
        pictures,
        language=get_language() or "en",
        generated_at=one.finished_at,
    )


def _sheet(one: Evaluation, shown: Sequence[Drawing]) -> dict[str, Any]:
    title = _("Model %(version)s on %(data)s") % {"version": one.version.version, "data": set_name(one)}
    return {
        "title": title,
        "footer": _("Evaluation of model %(model)s on data set version %(data)s")
        % {"model": one.version.sha256[:16], "data": one.data_sha256[:16]},
        "facts": _facts(one),
        "classes": {
            "title": _("By class (95 % intervals)"),
            "head": [_("Class"), _("Cells"), _("Precision"), _("Recall (PPA)"), "F1", _("NPA")],
            "rows": _classes(one),
            "note": _("Intervals are clustered by source group: copies of one original count once."),
        },
        "drawings": [
            {"name": each.name, "title": each.title, "text": each.text, "wide": each.name in WIDE}
            for each in shown
        ],
    }


def _facts(one: Evaluation) -> list[tuple[str, str]]:
    measured = measured_set(one).own
    speed = (one.report or {})["speed"]
    return [
        (_("Model"), f"{one.version.version} · SHA-256 {one.version.sha256}"),
        (_("Data set"), f"{set_name(one)} · SHA-256 {one.data_sha256}"),
        (
            _("Cells"),
            _("%(n)d in %(groups)d groups") % {"n": measured.pictures, "groups": measured.originals},
        ),
        (_("Test pictures it was trained or chosen on"), leak_text(leak_of(one))),
        (_("Named rightly"), measured.accuracy.text),
        (_("Answered, not abstained"), measured.answered.text),
        (_("Right, of those answered"), measured.answers.text if measured.answers else "–"),
        (_("Expected calibration error"), f"{measured.calibration_error:.3f}"),
        (_("Time for a cell"), f"{speed['median_ms']:.0f} ms (95 %: {speed['p95_ms']:.0f} ms)"),
    ]


def _classes(one: Evaluation) -> list[list[str]]:
    negative = negative_agreement(one)
    return [
        [
            str(row.kind.name),
            str(row.pictures),
            *(share.text if share else "–" for share in row.shares),
            negative[row.kind.label].text if row.kind.label in negative else "–",
        ]
        for row in measured_set(one).classes
    ]


def negative_agreement(one: Evaluation) -> Mapping[str, Share]:
    """Return the negative percent agreement of each class."""
    return {label: interval(told) for label, told in (one.report or {})["negative_agreement"].items()}
