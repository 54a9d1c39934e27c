"""The model card, generated from the figures: nothing in it is typed by hand."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

PURPOSE = """\
Finds nucleated cells in pictures of stained blood smears and names them, as a suggestion to the person who
decides. **Not for** diagnosis without a person, and not for what it was never shown: blasts and other
leukaemic cells, parasites, red-cell disease, bone marrow, smears of animals. Such cells still get one of the
known names, sometimes with high confidence.
"""

LIMITS = """\
- BCCD (with its Kaggle copies) and PBC are two laboratories; figures on them say little about a third one.
- Kaggle TEST rests on few originals, so its interval is wide: one monocyte more or less moves it by points.
- PBC has no patient identifiers: its held-out fifth is the same laboratory, perhaps the same patients.
- Immature granulocytes, erythroblasts, basophils and platelets were learned from one laboratory almost alone.
- The locator is classical: it needs stained nuclei darker than red cells, and it may join touching cells.
"""

DATA = """\
Kaggle “blood-cells” TRAIN (MIT), the BCCD originals that show no cell of TEST (MIT), and four fifths of the
PBC sample (Acevedo et al. 2020, CC BY 4.0). Pictures that show a cell of Kaggle TEST or of TXL-PBC val were
dropped. Weights started from MobileNetV2 trained on ImageNet (Apache 2.0).
"""


def card(manifest: Mapping[str, Any], figures: Mapping[str, Mapping[str, Any]]) -> str:
    """Return the card as Markdown; ``figures`` are the bundle's JSON files by name."""
    parts = [
        f"# Model card: cell reader {manifest['version']}",
        PURPOSE,
        f"Classes: {', '.join(_words(label) for label in manifest['labels'])}.",
        "## Training",
        DATA if "kaggle-train" in str(manifest["data"]) else "Trained on a laboratory's own pictures.",
        _splits(manifest["data"]),
        "## Figures",
        _summary(figures),
        *[_classes(name, told) for name, told in figures.get("evaluation.json", {}).items()],
        _locator(figures.get("locator.json", {})),
        _calibration(manifest),
        "## Limits",
        LIMITS,
    ]
    return "\n\n".join(part.strip() for part in parts if part.strip()) + "\n"


def _words(label: str) -> str:
    return label.replace("_", " ")


def _share(value: float | None) -> str:
    return "–" if value is None else f"{value:.1%}"


def _spread(told: Mapping[str, float]) -> str:
    return f"{_share(told['value'])} ({_share(told['low'])} to {_share(told['high'])})"


def _splits(data: Mapping[str, Mapping[str, Any]]) -> str:
    rows = [f"| {name.replace('_', ' ')} | {p['pictures']} | {p['originals']} |" for name, p in data.items()]
    return "\n".join(["| part | pictures | originals |", "|---|---|---|", *rows])


def _summary(figures: Mapping[str, Mapping[str, Any]]) -> str:
    rows = [
        "| model | set | pictures | right by picture | right by original | balanced | calibration error |",
        "|---|---|---|---|---|---|---|",
    ]
    for name, file in (("this model", "evaluation.json"), ("classic recipe", "baseline.json")):
        for place, told in figures.get(file, {}).items():
            votes = told["by_original"]
            rows.append(
                f"| {name} | {place} | {told['pictures']} | {_spread(told['accuracy'])} "
                f"| {votes['right']} of {votes['originals']}: {_spread(votes)} "
                f"| {_share(told['balanced_accuracy'])} | {told['calibration']['expected_error']:.3f} |"
            )
    note = (
        "Brackets hold 95 % intervals: per picture bootstrapped over originals, per original exact. "
        "A class that a model does not know counts as wrong."
    )
    return "\n".join(rows) + "\n\n" + note


def _classes(name: str, told: Mapping[str, Any]) -> str:
    rows = [
        f"### {name}, by class",
        "",
        "| class | pictures | precision | recall | F1 |",
        "|---|---|---|---|---|",
    ]
    for label, one in told["per_class"].items():
        shares = " | ".join(_share(one[key]) for key in ("precision", "recall", "f1"))
        rows.append(f"| {_words(label)} | {one['pictures']} | {shares} |")
    answers = told["abstention"]
    rows += [
        "",
        f"Answered: {_share(answers['coverage'])}; right: {_share(answers['accuracy_of_answers'])} of these.",
    ]
    return "\n".join(rows)


def _locator(told: Mapping[str, Any]) -> str:
    if not told:
        return ""
    rows = [
        "### Finding leukocytes: TXL-PBC val, overlap of boxes at least one half",
        "",
        "| picture size | pictures | leukocytes | recall | precision | F1 |",
        "|---|---|---|---|---|---|",
    ]
    for kind, one in told.items():
        shares = " | ".join(_share(one[key]) for key in ("recall", "precision", "f1"))
        rows.append(f"| {kind} | {one['pictures']} | {one['leukocytes']} | {shares} |")
    return "\n".join(rows)


def _calibration(manifest: Mapping[str, Any]) -> str:
    told, accuracy = manifest["calibration"], manifest["validation_accuracy"]
    weighed = "; ".join(f"{name}: {_share(value)}" for name, value in accuracy.items())
    return (
        "## Calibration\n\n"
        f"Temperature {told['temperature']:.2f} from {told['validation_cells']:.0f} validation cells. "
        f"Below a confidence of {_share(told['threshold'])} it abstains; on validation it then answers "
        f"{_share(told['coverage'])} and errs in {_share(told['accepted_error'])} of its answers.\n\n"
        f"Balanced accuracy on validation by network file: {weighed}. Served: {manifest['serving']}."
    )
