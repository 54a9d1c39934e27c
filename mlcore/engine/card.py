"""The model card, generated from the bundle's JSON files: no figure in it is typed by hand."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from mlcore.engine import card_figures
from mlcore.engine.card_figures import made_from, share, table, words
from mlcore.engine.sampling import laboratory

Told = Mapping[str, Any]

# What no model of ours was shown, unless its own classes say otherwise. Cards and pages repeat it.
NEVER_SHOWN = (
    "blasts",
    "other leukaemic cells",
    "parasites",
    "red-cell disease",
    "bone marrow",
    "smears of animals",
)
# The public sets by the names that a manifest gives them: what they are, and their licence.
SOURCES = {
    "kaggle-train": ("Kaggle “blood-cells” TRAIN", "MIT"),
    "bccd": ("BCCD originals", "MIT"),
    "pbc": ("PBC, Acevedo et al. 2020", "CC BY 4.0"),
    "txl-train": ("TXL-PBC train", "MIT"),
    "txl-train-cells": ("TXL-PBC train, cells named by the authors of this model", "MIT"),
}
OWN_FOLDER = "the laboratory's own"
FILES = ("evaluation", "baseline", "unseen", "locator", "refusal", "speed")
# Those that limits are drawn from.
JUDGED = ("evaluation", "unseen", "refusal")
PARTS = ("training", "validation", "held_out", "dropped")
# A class of which one laboratory gave this share of the training pictures was learned from it almost alone.
ALMOST_ALL = 0.95


def card(manifest: Told, figures: Mapping[str, Told]) -> str:
    """Return the card as Markdown; ``figures`` are the bundle's JSON files by name."""
    told = {name: figures.get(f"{name}.json", {}) for name in FILES}
    parts = [
        f"# Model card: cell reader {manifest['version']}",
        _intended_use(manifest),
        _training(manifest),
        card_figures.summary(told["evaluation"], told["baseline"]),
        card_figures.unseen(told["unseen"]),
        card_figures.locator(told["locator"]),
        card_figures.calibration(manifest),
        card_figures.refusal(told["refusal"]),
        card_figures.speed(told["speed"]),
        "## Limits",
        made_from("manifest.json", *[f"{name}.json" for name in JUDGED if told[name]]),
        "\n".join(f"- {limit}" for limit in _limits(manifest, told)),
    ]
    return "\n\n".join(part for part in parts if part) + "\n"


def never_shown(labels: Sequence[str]) -> list[str]:
    """Return what a model with these classes was never shown."""
    known = [words(label) for label in labels]
    return [what for what in NEVER_SHOWN if not any(what.startswith(name) for name in known)]


def _intended_use(manifest: Told) -> str:
    labels = manifest["labels"]
    if manifest["preprocessing"].get("whole"):
        does = "Names pictures of stained blood smears that show one nucleated cell, from the whole picture"
    else:
        does = "Finds nucleated cells in pictures of stained blood smears and names them"
    missing = never_shown(labels)
    return f"""\
## Intended use

{made_from("manifest.json")}

{does}, as a suggestion to the person who decides.

**Not for** diagnosis without a person, and not for what it was never shown: {", ".join(missing)}. Such cells
still get one of its names, sometimes with high confidence.

Classes: {", ".join(words(label) for label in labels)}."""


def _training(manifest: Told) -> str:
    data = {part: manifest["data"][part] for part in PARTS if part in manifest["data"]}
    counts = {part: _counts(told) for part, told in data.items()}
    sources = sorted({source for found in counts.values() for source, _label in found})
    of = {part: Counter[str]() for part in data}
    for part, found in counts.items():
        for (source, _label), number in found.items():
            of[part][source] += number
    by_source = [
        (
            *SOURCES.get(source, (f"folder “{source}”", OWN_FOLDER)),
            *[f"{of[part][source]:,}" for part in data],
        )
        for source in sources
    ]
    trained = counts.get("training", {})
    by_class = [
        (words(label), *[f"{trained.get((source, label), 0):,}" for source in sources])
        for label in manifest["labels"]
    ]
    splits = [(words(part), f"{told['pictures']:,}", f"{told['originals']:,}") for part, told in data.items()]
    paragraphs = [
        "## Training",
        made_from("manifest.json"),
        "Pictures by source and part:",
        table(("source", "licence", *[words(part) for part in data]), by_source),
        "Pictures that it learned from, by class and source:",
        table(("class", *sources), by_class),
        "Copies of one original lie in one part only:",
        table(("part", "pictures", "originals"), splits),
        *_remarks(manifest),
    ]
    return "\n\n".join(paragraphs)


def _remarks(manifest: Told) -> Iterator[str]:
    if manifest["data"].get("dropped", {}).get("pictures"):
        sets = manifest["data"].get("datasets")
        tests = (
            "that a chosen data set tests or validates by"
            if sets
            else "of a test set (Kaggle TEST, TXL-PBC val)"
        )
        yield f"Dropped are pictures that show a cell {tests}."
    for one in manifest["data"].get("datasets", ()):
        yield f"Data set “{one['name']}”, version {one['version']}, SHA-256 `{one['sha256']}`."
    yield from _remarks_of_recipe(manifest["training"])


def _remarks_of_recipe(training: Told) -> Iterator[str]:
    if training.get("recipe") in {"head", "ensemble"}:
        yield f"The base is that of {training['weights']}, unchanged; the head alone was trained."
    if training.get("recipe") == "ensemble":
        yield (
            f"The head is the mean of {training['members']} heads, each trained on originals weighted at "
            "random. That steadies it and costs no time in reading, but several whole networks are stronger."
        )
    if training.get("stopped_early"):
        yield "The training was stopped before its last epoch; the best weights until then were kept."
    if training.get("recipe") == "classic":
        yield "The classic recipe learned from Kaggle's TRAIN alone where that is among the sources."
    if training.get("weights") == "imagenet":
        yield "Its weights started from MobileNetV2 trained on ImageNet (Apache 2.0)."


def _counts(told: Told) -> dict[tuple[str, str], int]:
    """Return the number of pictures of one part by source and class."""
    split = {tuple(name.rsplit("/", 1)): number for name, number in told["by_source_and_class"].items()}
    return {(source, label): number for (source, label), number in split.items()}


def _limits(manifest: Told, told: Mapping[str, Told]) -> Iterator[str]:
    yield from _limits_of_data(manifest)
    for name, report in told["evaluation"].items():
        few = _fewest(report)
        if few:
            yield f"{name}: {few}"
    rows = [one["balanced_accuracy"]["value"] for one in told["unseen"].get("rows", ())]
    if rows:
        yield (
            f"In a laboratory that was left out of training, the mean recall was {share(min(rows))} to "
            f"{share(max(rows))}: expect that in yours, and evaluate on your own cells."
        )
    limits = manifest["calibration"].get("classes", {})
    open_ = [words(label) for label, one in limits.items() if not one["proven"]]
    if open_:
        wanted = share(manifest["calibration"]["wanted_error"])
        yield f"An error of at most {wanted} is {card_figures.NOT_PROVEN} for: {', '.join(open_)}."
    kinds = told["refusal"].get("kinds", ())
    if kinds:
        worst = min(kinds, key=lambda one: one["share"])
        yield f"It refuses {worst['kind']} least surely: {worst['refused']} of {worst['n']}."


def _limits_of_data(manifest: Told) -> Iterator[str]:
    """Yield what follows from where the training pictures came from."""
    found: dict[str, Counter[str]] = {label: Counter() for label in manifest["labels"]}
    for (source, label), number in _counts(manifest["data"]["training"]).items():
        if label in found:
            found[label][laboratory(source)] += number
    laboratories = sorted({name for counts in found.values() for name in counts})
    many = "one laboratory" if len(laboratories) == 1 else f"{len(laboratories)} laboratories"
    yield f"It learned from {many} ({', '.join(laboratories)}); that says little about another one."
    for name in laboratories if len(laboratories) > 1 else ():
        alone = [
            words(label) for label, counts in found.items() if counts[name] > ALMOST_ALL * counts.total()
        ]
        if alone:
            yield f"Learned from {name} almost alone: {', '.join(alone)}."
    held_out = manifest["data"].get("held_out")
    if held_out and any(source == "pbc" for source, _label in _counts(held_out)):
        yield "PBC names no patients: its held-out part is the same laboratory, perhaps the same patients."
    if any(name.startswith("txl") for name in laboratories):
        yield "Cells of TXL-PBC were named by eye and by no haematologist."


def _fewest(report: Told) -> str:
    """Return on how few originals the least known class rests, where copies make it look like more."""
    if report["pictures"] == report["originals"]:
        return ""
    known = {
        label: one["by_original"]["originals"]
        for label, one in report["per_class"].items()
        if one.get("by_original")
    }
    if not known:
        return f"{report['pictures']:,} pictures show only {report['originals']:,} originals."
    least = min(known, key=lambda label: known[label])
    return (
        f"{report['pictures']:,} pictures show only {report['originals']:,} originals; {words(least)} rests "
        f"on {known[least]}, so that one cell read otherwise moves its recall by {share(1 / known[least])}."
    )
