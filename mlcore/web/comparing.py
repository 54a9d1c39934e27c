"""Evaluations as their pages show them, and two of them side by side."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

import numpy as np
from django.utils.translation import gettext as _
from PIL import Image as PillowImage

from mlcore.engine.errors import DataError
from mlcore.engine.noninferiority import Difference, paired_difference
from mlcore.engine.paired import CellOutcome, Pairing, changes, paired, pairing
from mlcore.engine.proportion import Proportion
from mlcore.registry.dataset_selectors import ready_version
from mlcore.registry.evaluating import EvaluationRefused, folder_of
from mlcore.registry.gate import outcomes
from mlcore.registry.leaks import Leak, leaks
from mlcore.registry.models import Evaluation
from mlcore.web.figures import Evaluation as Measured
from mlcore.web.figures import evaluations
from mlcore.web.shares import Share, interval, points
from mlcore.web.vocabulary import CellClass, cell_class

SHOWN: Final = 48


@dataclass(frozen=True, slots=True)
class Drawing:
    """A picture of an evaluation with its heading and, for who cannot see it, its content in words.

    ``size`` is width and height in pixels, so that a page keeps its place free; None where the file is gone.
    """

    name: str
    title: str
    text: str
    size: tuple[int, int] | None


@dataclass(frozen=True, slots=True)
class Change:
    """Cells of one class that two versions name differently."""

    truth: CellClass
    first: CellClass
    second: CellClass
    cells: int


@dataclass(frozen=True, slots=True)
class Pair:
    """One cell that two versions name differently."""

    key: str
    truth: CellClass
    first: CellClass
    second: CellClass
    first_right: bool
    second_right: bool


@dataclass(frozen=True, slots=True)
class Comparison:
    """Two evaluations on the cells that both have read; ``difference`` is second less first, in points."""

    first: Evaluation
    second: Evaluation
    pairing: Pairing
    accuracy: tuple[Share, Share]
    difference: str
    changes: Sequence[Change]
    cells: Sequence[Pair]


def measured_set(one: Evaluation) -> Measured:
    """Return the figures of a finished evaluation as the model's page shows those of a bundle."""
    return evaluations({"evaluation": {set_name(one): one.report}})[0]


def set_name(one: Evaluation) -> str:
    """Return the name under which people know a data set version."""
    return f"{one.data.get('name', '?')} {one.data.get('version', '')}".strip()


def leak_of(one: Evaluation) -> Leak | None:
    """Return what the model has seen of what it was measured on, or None where the data set is gone."""
    version = ready_version(one.data_sha256)
    return leaks(version, [one.version])[0] if version else None


def leak_text(leak: Leak | None) -> str:
    """Return in words how many test pictures a model was trained or chosen on."""
    if leak is not None and leak.waiting:
        return _("not compared yet")
    if leak is None or leak.found is None or not leak.known:
        return _("not known")
    found = leak.found
    told = {"same": len(found.same), "copies": len(found.copies or ()), "near": len(found.near)}
    told["pictures"] = found.pictures
    copies = "" if found.copies is not None else _("; copies saved anew cannot be told")
    if leak.clean:
        return _("none of %(pictures)d") % told + copies
    text = _(
        "%(same)d of %(pictures)d pixel for pixel, %(copies)d as copies, %(near)d through others of their "
        "groups: these figures flatter it"
    )
    return text % told + copies


def drawings(one: Evaluation) -> list[Drawing]:
    """Return the pictures of a finished evaluation, each with its content in words."""
    report = one.report or {}
    told = {
        "confusion.png": (_("What was taken for what"), _confusion(report)),
        "roc.png": (_("Each class against the rest (ROC)"), _roc(report)),
        "calibration.png": (_("Is it as sure as it is right?"), _calibration(report)),
        "risk-coverage.png": (_("Errors if only the surest cells are answered"), _risk(report)),
        "mistakes.png": (_("The surest mistakes"), _mistakes(report)),
    }
    folder = folder_of(one)
    return [Drawing(name, *told[name], _size(folder / name)) for name in told if name in one.files]


def _size(path: Path) -> tuple[int, int] | None:
    """Return width and height of a picture, of which the first bytes are read."""
    try:
        with PillowImage.open(path) as picture:
            return picture.size
    except OSError:
        return None


def compared(first: Evaluation, second: Evaluation) -> Comparison:
    """Compare two finished evaluations.

    Raises:
        EvaluationRefused: they are of different data sets or have no cell in common.
    """
    if first.data_sha256 != second.data_sha256:
        raise EvaluationRefused(_("These two were measured on different data sets. Choose two on the same."))
    try:
        pairs = paired(outcomes(first), outcomes(second))
    except DataError as problem:
        raise EvaluationRefused(str(problem)) from problem
    found = _difference(pairs)
    apart = [(one, two) for one, two in pairs if one.label != two.label]
    # Whoever looks wants the cells first that only one of them got right.
    apart.sort(key=lambda pair: (pair[0].right == pair[1].right, -max(one.confidence for one in pair)))
    return Comparison(
        first=first,
        second=second,
        pairing=pairing(pairs),
        accuracy=(_share(found.first), _share(found.second)),
        difference=_("%(value)s points (95 %% interval %(low)s to %(high)s)")
        % {name: points(getattr(found, name)) for name in ("value", "low", "high")},
        changes=[
            Change(cell_class(truth), cell_class(one), cell_class(two), number)
            for truth, one, two, number in changes(pairs)
        ],
        cells=[_pair(one, two) for one, two in apart[:SHOWN]],
    )


def _difference(pairs: Sequence[tuple[CellOutcome, CellOutcome]]) -> Difference:
    _names, groups = np.unique([one.group for one, _two in pairs], return_inverse=True)
    everyone = np.ones(len(pairs), dtype=np.bool_)
    first = np.asarray([one.right for one, _two in pairs])
    second = np.asarray([two.right for _one, two in pairs])
    return paired_difference(first, second, groups, of_first=everyone, of_second=everyone)


def _share(found: Proportion) -> Share:
    return Share(found.value, found.low, found.high)


def _pair(one: CellOutcome, two: CellOutcome) -> Pair:
    kinds = (cell_class(one.truth), cell_class(one.label), cell_class(two.label))
    return Pair(one.key, *kinds, one.right, two.right)


def _confusion(report: Mapping[str, Any]) -> str:
    accuracy = interval(report["accuracy"])
    table = report["confusion"]
    wrong = sorted(
        (
            (count, truth, answer)
            for truth, row in zip(table["truth"], table["rows"], strict=True)
            for answer, count in zip(table["answer"], row, strict=True)
            if count and truth != answer
        ),
        reverse=True,
    )[:3]
    most = ", ".join(
        _("%(truth)s as %(answer)s (%(n)d)") % {"truth": _word(truth), "answer": _word(answer), "n": n}
        for n, truth, answer in wrong
    )
    told = _("%(share)s of %(n)d cells named rightly.") % {"share": accuracy.text, "n": report["pictures"]}
    return f"{told} {_('Most often mistaken: %(most)s.') % {'most': most}}" if most else told


def _roc(report: Mapping[str, Any]) -> str:
    areas = ", ".join(f"{_word(one['label'])} {one['area']:.3f}" for one in report["roc"])
    return _("Area below the curve of each class: %(areas)s.") % {"areas": areas}


def _calibration(report: Mapping[str, Any]) -> str:
    error = report["calibration"]["interval"]
    facts = {name: f"{error[name]:.3f}" for name in ("value", "low", "high")}
    return _("Expected calibration error %(value)s (95 %% interval %(low)s to %(high)s).") % facts


def _risk(report: Mapping[str, Any]) -> str:
    own = report["abstention"]
    if own["error_of_answers"] is None:
        return _("The model answers nothing at its own limits.")
    return _("At its own limits it answers %(coverage)s, and %(error)s of that is wrong.") % {
        "coverage": Share(own["coverage"]).percent,
        "error": interval(own["error_of_answers"]).text,
    }


def _mistakes(report: Mapping[str, Any]) -> str:
    told = ", ".join(
        _("%(truth)s read as %(answer)s (%(share)s)")
        % {
            "truth": _word(one["truth"]),
            "answer": _word(one["label"]),
            "share": Share(one["confidence"]).percent,
        }
        for one in report.get("mistakes", ())
    )
    return _("In reading order: %(mistakes)s.") % {"mistakes": told}


def _word(label: str) -> str:
    return str(cell_class(label).name).lower()
