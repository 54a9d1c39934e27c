"""What a finished bundle is worth: measured on the held-out sets, written into the bundle and its card.

Kaggle TEST is looked at here and nowhere else, and every look leaves a line in the ledger.
"""

from __future__ import annotations

import datetime as dt
import json
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from mlcore.engine.bundle import Bundle, read_bundle, write_bundle
from mlcore.engine.card import card
from mlcore.engine.contracts import Predictor
from mlcore.engine.errors import DataError
from mlcore.engine.evaluate import evaluate_folder, read_all, report
from mlcore.engine.images import read_image
from mlcore.engine.locate import StainLocator
from mlcore.engine.manifest import txl_fields
from mlcore.engine.matching import found_and_missed
from mlcore.engine.prepared import Prepared
from mlcore.engine.runtime import load_predictor

EVALUATION, BASELINE, LOCATOR, CARD = "evaluation.json", "baseline.json", "locator.json", "card.md"
TEST = "Kaggle TEST"


def held_out(data: Prepared, predictor: Predictor) -> dict[str, Any]:
    """Return a report for each laboratory's held-out part; empty where nothing is held out."""
    told: dict[str, Any] = {}
    rows = [row for row in data.parts.held_out if data.records[row].label in predictor.labels]
    for source in sorted({data.records[row].source for row in rows}):
        own = [row for row in rows if data.records[row].source == source]
        records, groups = [data.records[row] for row in own], [data.groups[row] for row in own]
        outcomes, _unreadable = read_all(data.root, records, groups, predictor, single=source == "pbc")
        told[f"{source}, held-out fifth"] = report(outcomes, predictor.labels)
    return told


def measure(data: Prepared, folder: Path, baseline: Path | None, ledger: Path, remark: str) -> Bundle:
    """Measure the bundle in ``folder`` and its baseline, and write figures and card into it.

    Raises ``DataError`` where Kaggle TEST is not among the data.
    """
    kaggle = data.root / "kaggle-bccd"
    if not (kaggle / "TEST").is_dir():
        raise DataError(f"{kaggle / 'TEST'} is missing; docs/data.md says where to fetch it.")
    told: dict[str, dict[str, Any]] = {}
    for name, place in ((EVALUATION, folder), (BASELINE, baseline)):
        if place is not None:
            predictor = load_predictor(place, threads=2)
            look = evaluate_folder(kaggle / "TEST", predictor, originals=kaggle / "TEST_SIMPLE")
            note(ledger, predictor, look, remark if name == EVALUATION else "baseline")
            told[name] = {TEST: look, **held_out(data, predictor)}
    told[LOCATOR] = locator_figures(data.root)
    return with_figures(read_bundle(folder), told)


def with_figures(bundle: Bundle, told: dict[str, dict[str, Any]]) -> Bundle:
    """Write the bundle again with its figures and the card made of them."""
    contents = dict(bundle.contents)
    for name, figures in told.items():
        contents[name] = (json.dumps(figures, indent=1) + "\n").encode()
    contents[CARD] = card(bundle.manifest, {name: json.loads(contents[name]) for name in told}).encode()
    manifest = {key: value for key, value in bundle.manifest.items() if key not in {"files", "format"}}
    return write_bundle(bundle.folder, manifest, contents)


def note(ledger: Path, predictor: Predictor, look: dict[str, Any], remark: str) -> None:
    """Append one line to the ledger of looks at Kaggle TEST."""
    line = {
        "date": dt.datetime.now(dt.UTC).isoformat(timespec="minutes"),
        "version": predictor.identity.version,
        "accuracy": look["accuracy"],
        "by_original": look["by_original"],
        "remark": remark,
    }
    with ledger.open("a") as handle:
        handle.write(json.dumps(line) + "\n")


def locator_figures(root: Path) -> dict[str, Any]:
    """Return how well leukocytes are found on TXL-PBC val, by the kind of picture (its size in pixels)."""
    if not (root / "txl-pbc").is_dir():
        return {}
    counts: dict[str, list[tuple[int, int, int]]] = {}
    locator = StainLocator()
    for record in txl_fields(root / "txl-pbc", "val", root):
        image = read_image(root / record.path)
        boxes = locator.locate(image)
        found, missed = found_and_missed(boxes, record.boxes)
        kind = f"{image.shape[1]}x{image.shape[0]}"
        counts.setdefault(kind, []).append((found, missed, len(boxes) - found))
    return {kind: _detection(rows) for kind, rows in sorted(counts.items())}


def _detection(rows: Sequence[tuple[int, int, int]]) -> dict[str, float]:
    found, missed, extra = (sum(row[index] for row in rows) for index in range(3))
    return {
        "pictures": len(rows),
        "leukocytes": found + missed,
        "recall": found / (found + missed),
        "precision": found / max(found + extra, 1),
        "f1": 2 * found / (2 * found + missed + extra),
    }
