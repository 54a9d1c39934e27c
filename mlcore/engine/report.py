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
from mlcore.engine.detector.figures import locator_figures
from mlcore.engine.errors import DataError
from mlcore.engine.evaluate import evaluate_folder, outcome, report
from mlcore.engine.images import around, read_image
from mlcore.engine.named import SUFFIX
from mlcore.engine.prepared import Prepared
from mlcore.engine.refusal import refusal_figures
from mlcore.engine.runtime import load_predictor

EVALUATION, BASELINE, LOCATOR, CARD = "evaluation.json", "baseline.json", "locator.json", "card.md"
UNSEEN, REFUSAL = "unseen.json", "refusal.json"
THIRD = "TXL-PBC val, named by eye"
TEST = "Kaggle TEST"


def held_out(data: Prepared, predictor: Predictor) -> dict[str, Any]:
    """Return a report for each laboratory's held-out part; empty where nothing is held out."""
    told: dict[str, Any] = {}
    rows = [row for row in data.parts.held_out if data.records[row].label in predictor.labels]
    for source in sorted({data.records[row].source for row in rows}):
        own = [row for row in rows if data.records[row].source == source]
        told[part_name(data, source)] = _judged(data, own, predictor)
    return told


def part_name(data: Prepared, source: str) -> str:
    """Return what reports call the part of a laboratory's pictures that a model is judged by."""
    if not data.datasets:
        return f"{source}, held-out fifth"
    # A laboratory may be in several sets, and two sets may name a laboratory alike.
    sets = " and ".join(f"{one['name']} {one['version']}" for one in data.datasets)
    return f"{source}, test part of {sets}"


def third_laboratory(data: Prepared, predictor: Predictor) -> dict[str, Any]:
    """Return a report on the cells of TXL-PBC val that were named by eye; empty without them."""
    rows = [row for row, record in enumerate(data.records) if record.source == "txl-val" + SUFFIX]
    return {THIRD: _judged(data, rows, predictor)} if rows else {}


def _judged(data: Prepared, rows: Sequence[int], predictor: Predictor) -> dict[str, Any]:
    """Report on pictures of one cell each; what a drawn box points at is cut out around it first."""
    outcomes = []
    for row in rows:
        record = data.records[row]
        image = read_image(data.root / record.path)
        if record.boxes:
            image = around(image, record.boxes[0])
        outcomes.append(outcome(record, predictor.predict(image, single=True), data.groups[row]))
    return report(outcomes, predictor.labels)


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
            told[name] = {TEST: look, **held_out(data, predictor), **third_laboratory(data, predictor)}
    predictor = load_predictor(folder, threads=2)
    told[LOCATOR] = locator_figures(data.root, predictor.locator)
    told[REFUSAL] = refusal_figures(data.root, predictor)
    return with_figures(read_bundle(folder), told)


def with_figures(bundle: Bundle, told: dict[str, dict[str, Any]]) -> Bundle:
    """Write the bundle again with more figures, and with the card made of all it has."""
    contents = dict(bundle.contents)
    for name, figures in told.items():
        contents[name] = (json.dumps(figures, indent=1) + "\n").encode()
    known = {name: json.loads(data) for name, data in contents.items() if name.endswith(".json")}
    contents[CARD] = card(bundle.manifest, known).encode()
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
