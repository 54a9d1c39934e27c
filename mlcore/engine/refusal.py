"""What a predictor answers where it should not: one row of figures for each kind of picture to refuse."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

from mlcore.engine import impostors, strangers
from mlcore.engine.contracts import FieldPrediction, Image, Predictor
from mlcore.engine.statistics import upper_bound

PICTURES = 120
PLATELETS, PLATELET = "platelets", "platelet"

Material = Callable[[Path], Iterator[tuple[str, Image]]]
KINDS: dict[str, Material] = {
    "red cells": lambda root: strangers.red_cells(root, PICTURES),
    PLATELETS: lambda root: strangers.platelets(root, PICTURES),
    "blurred": lambda root: strangers.degraded(root, "blurred", PICTURES),
    "underexposed": lambda root: strangers.degraded(root, "underexposed", PICTURES),
    "overexposed": lambda root: strangers.degraded(root, "overexposed", PICTURES),
    "drawings": lambda _root: impostors.drawings(PICTURES),
    "noise": lambda _root: impostors.noise(PICTURES),
    "photographs": lambda _root: impostors.photographs(PICTURES),
}


def refusal_figures(root: Path, predictor: Predictor) -> dict[str, Any]:
    """Return ``{"kinds": [row, ...]}`` as plain JSON: how often each kind of picture is refused.

    ``root`` is the data folder; every picture is read as one of a single cell. A row has the ``kind``, the
    number ``n`` of pictures and how many came from each of ``sources``, how many were ``refused`` and
    their ``share``, the ``bound`` that the share of the others stays below with 95 % confidence (one
    picture counting as one), the ``reasons``, and what the others were ``named``, with counts. Raises
    ``DataError`` where the folder holds no annotated fields.
    """
    return {"kinds": [_row(kind, material(root), predictor) for kind, material in KINDS.items()]}


def refused_because(field: FieldPrediction) -> str:
    """Return why no cell of a picture was named, or an empty text if one was."""
    if not field.cells:
        return "no cell found"
    if any(not cell.abstained for cell in field.cells):
        return ""
    reason = field.cells[0].reason
    # How sure exactly the model was differs from picture to picture.
    return "not sure enough" if "% sure" in reason else reason


def _row(kind: str, material: Iterator[tuple[str, Image]], predictor: Predictor) -> dict[str, Any]:
    sources, reasons, named = Counter[str](), Counter[str](), Counter[str]()
    for source, image in material:
        sources[source] += 1
        field = predictor.predict(image, single=True)
        answers = {cell.label for cell in field.cells if not cell.abstained}
        if kind == PLATELETS and answers == {PLATELET}:
            reasons["rightly named a platelet"] += 1
        elif answers:
            named[" and ".join(sorted(answers))] += 1
        else:
            reasons[refused_because(field)] += 1
    count, refused = sources.total(), reasons.total()
    return {
        "kind": kind,
        "n": count,
        "sources": dict(sorted(sources.items())),
        "refused": refused,
        "share": refused / count if count else 0.0,
        "bound": upper_bound(count - refused, count),
        "reasons": dict(reasons.most_common()),
        "named": dict(named.most_common()),
    }
