"""The sections of the model card that hold figures, each made from one JSON file of the bundle.

A bundle that lacks a file lacks its section: nothing is filled in. A share is written in percent, with its
95 % interval in brackets.
"""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from typing import Any

Told = Mapping[str, Any]

_NUMBER = re.compile(r"[\d–]")

NOT_PROVEN = "not proven at this n"
INTERVALS = """\
Intervals by picture and of the mean recall are Wilson's, at as many independent pictures as these with their
copies count for; by original (a vote over its copies) they are exact; those of the calibration error are
bootstrapped over originals. A class that a model does not know counts as wrong."""
THRESHOLDS = """\
An answer is given above its class's threshold, chosen on validation so that at most {wanted} of the answers
are wrong, or as few as can be where that would silence the class. It is proven where the exact bound, with
95 % confidence and over the originals of the same validation pictures, is no higher.

On validation {coverage} is answered, and {error} of the answers are wrong."""


def words(label: str) -> str:
    """Return a class's label as people write it."""
    return label.replace("_", " ")


def table(head: Sequence[str], rows: Sequence[Sequence[object]]) -> str:
    """Return a Markdown table; columns of numbers are aligned to the right."""
    texts = [[str(cell).replace("|", "\\|") for cell in row] for row in rows]
    numeric = [all(_NUMBER.match(cell) for cell in column) for column in zip(*texts, strict=True)]
    rule = ["---:" if number else "---" for number in numeric]
    lines = [head, ["---", *rule[1:]], *texts]
    return "\n".join(f"| {' | '.join(line)} |" for line in lines)


def share(told: float | Told | None) -> str:
    """Return a share in percent, with its interval where there is one; a dash where it was not measured."""
    if told is None:
        return "–"
    if isinstance(told, Mapping):
        return f"{told['value']:.1%} ({100 * told['low']:.1f}–{100 * told['high']:.1f})"
    return f"{told:.1%}"


def made_from(*files: str) -> str:
    """Return the line that names a section's sources."""
    return f"*From {', '.join(f'`{file}`' for file in files)}.*"


def summary(evaluation: Told, baseline: Told) -> str:
    """Return what the model, and the classic recipe beside it, reached on each set."""
    if not evaluation and not baseline:
        return ""
    rows = []
    for model, sets in (("this model", evaluation), ("classic recipe", baseline)):
        for place, told in sets.items():
            own, error = told["by_original"], told["calibration"]
            rows.append(
                (
                    place,
                    model,
                    f"{told['pictures']:,}",
                    share(told["accuracy"]),
                    f"{own['right']} of {own['originals']}: {share(own)}",
                    share(told.get("balanced", told["balanced_accuracy"])),
                    _number(error.get("interval", error["expected_error"])),
                )
            )
    head = ("set", "model", "pictures", "by picture", "by original", "mean recall", "calibration error")
    return "\n\n".join(
        [
            "## Figures",
            made_from("evaluation.json", *(["baseline.json"] if baseline else [])),
            table(head, rows),
            INTERVALS,
            *[_classes(name, told) for name, told in evaluation.items()],
        ]
    )


def _classes(name: str, told: Told) -> str:
    """Return one set's figures by class, and how far its answers can be relied on."""
    rows, stray = [], []
    named = dict(
        zip(told["confusion"]["answer"], map(sum, zip(*told["confusion"]["rows"], strict=True)), strict=True)
    )
    for label, one in told["per_class"].items():
        if not one["pictures"]:
            stray.append(f"{words(label)} {named[label]}")
            continue
        limits, own = one.get("intervals", {}), one.get("by_original")
        shares = [share(limits.get(key, one[key])) for key in ("precision", "recall", "f1")]
        voted = f"{own['right']} of {own['originals']}: {share(own)}" if own else "–"
        rows.append((words(label), one["pictures"], *shares, voted))
    parts = [
        f"### {name}, by class",
        table(("class", "pictures", "precision", "recall", "F1", "recall by original"), rows),
        f"None of these was in the set, yet they were answered: {', '.join(stray)}." if stray else "",
        _answers(told["abstention"]),
    ]
    return "\n\n".join(part for part in parts if part)


def _answers(told: Told) -> str:
    text = f"Answered: {share(told['coverage'])}; right: {share(told['accuracy_of_answers'])} of these."
    if "bound" not in told:
        return text
    text += (
        f" Wrong: {share(told['error_of_answers'])}; with 95 % confidence at most "
        f"{share(told['bound'])} (exact, over {told['originals']:g} originals)."
    )
    rows = [
        (
            words(label),
            share(one["coverage"]),
            one["answers"],
            share(one["error"]),
            f"{one['originals']:.1f}".removesuffix(".0"),
            share(one["bound"]),
        )
        for label, one in told["by_class"].items()
        if one["answers"]
    ]
    head = ("class", "its pictures answered", "answers with its name", "wrong", "originals", "wrong at most")
    return text + "\n\n" + table(head, rows)


def unseen(told: Told) -> str:
    """Return what the recipe is worth in a laboratory it never saw, and the steps that led to it."""
    rows = [
        (
            one["name"],
            _listed(one["trained_on"]),
            f"{one['cells']:,}",
            f"{one['originals']:,}",
            share(one["balanced_accuracy"]),
            share(one["accuracy"]),
            share(one["coverage"]),
            share(one["error_of_answers"]),
        )
        for one in told.get("rows", ())
    ]
    if not rows:
        return ""
    head = (
        "judged on",
        "trained on",
        "cells",
        "originals",
        "mean recall",
        "right",
        "answered",
        "wrong answers",
    )
    places = (("to_pbc", "PBC"), ("to_bccd", "BCCD"), ("to_txl", "TXL-PBC"))
    steps = [
        (one["row"], one["change"], *[share(one.get(key)) for key, _name in places])
        for one in told.get("ablation", ())
    ]
    tried = table(("row", "change", *[f"mean recall on {name}" for _key, name in places]), steps)
    parts = [
        "## A laboratory that it never saw",
        made_from("unseen.json"),
        f"{told['protocol'].rstrip('.')}.",
        table(head, rows),
        f"### What was tried\n\n{tried}" if steps else "",
    ]
    return "\n\n".join(part for part in parts if part)


def locator(told: Told) -> str:
    """Return how well leukocytes are found."""
    rows = [
        (
            name,
            one["pictures"],
            one["leukocytes"],
            *[share(one[key]) for key in ("recall", "precision", "f1")],
        )
        for name, one in told.get("sets", {}).items()
    ]
    if not rows:
        return ""
    head = ("set", "pictures", "leukocytes", "recall", "precision", "F1")
    note = "A leukocyte is found if a box shares at least half of the area that both cover"
    score = f"; boxes of a score of {told['threshold']:.2f} or more count." if "threshold" in told else "."
    return "\n\n".join(["## Finding cells", made_from("locator.json"), table(head, rows), note + score])


def calibration(manifest: Told) -> str:
    """Return temperature, thresholds by class and what is proven about them."""
    told, accuracy = manifest["calibration"], manifest["validation_accuracy"]
    text = f"Temperature {told['temperature']:.2f}"
    if "validation_cells" in told:
        text += f", fitted on {told['validation_cells']:.0f} validation cells"
    parts = ["## Calibration and thresholds", made_from("manifest.json"), f"{text}."]
    if "classes" in told:
        wanted = f"{told['wanted_error']:.1%}"
        parts += [
            THRESHOLDS.format(
                wanted=wanted, coverage=share(told["coverage"]), error=share(told["accepted_error"])
            ),
            table(
                (
                    "class",
                    "threshold",
                    "originals",
                    "wrong",
                    "wrong at most",
                    "answers kept",
                    f"at most {wanted}",
                ),
                [(words(label), *_limit(one)) for label, one in told["classes"].items()],
            ),
        ]
    weighed = "; ".join(f"{name}: {share(value)}" for name, value in accuracy.items())
    parts.append(f"Mean recall on validation by network file: {weighed}. Served: {manifest['serving']}.")
    return "\n\n".join(parts)


def _limit(one: Told) -> tuple[str, ...]:
    """Return one class's row; a threshold above 1 means that the class is never answered."""
    threshold = "never answered" if one["threshold"] > 1 else share(one["threshold"])
    return (
        threshold,
        f"{one['answered']:g}",
        f"{one['errors']:g}",
        share(one["bound"]),
        share(one["coverage"]),
        "proven" if one["proven"] else NOT_PROVEN,
    )


def refusal(told: Told) -> str:
    """Return how surely pictures are refused that hold nothing to name."""
    rows = [
        (
            one["kind"],
            one["n"],
            _listed(one["sources"]),
            one["refused"],
            share(one["share"]),
            share(one["bound"]),
            _listed(one["reasons"]),
            _listed(one["named"]),
        )
        for one in told.get("kinds", ())
    ]
    if not rows:
        return ""
    head = (
        "kind",
        "pictures",
        "sources",
        "refused",
        "share",
        "not refused at most",
        "reasons",
        "named all the same",
    )
    note = "The limit on what is not refused is exact and holds with 95 % confidence."
    return "\n\n".join(["## What it must refuse", made_from("refusal.json"), table(head, rows), note])


def speed(told: Told) -> str:
    """Return how long reading takes."""
    rows = [(one["what"], f"{one['milliseconds']:.1f}") for one in told.get("rows", ())]
    if not rows:
        return ""
    measured = f"Measured on {told['machine']}."
    return "\n\n".join(["## Speed", made_from("speed.json"), table(("what", "milliseconds"), rows), measured])


def _number(told: float | Told) -> str:
    if isinstance(told, Mapping):
        return f"{told['value']:.3f} ({told['low']:.3f}–{told['high']:.3f})"
    return f"{told:.3f}"


def _listed(told: str | Mapping[str, int] | Sequence[str]) -> str:
    """Return names as one text, each with its count where it has one."""
    if isinstance(told, str):
        return told
    if isinstance(told, Mapping):
        return ", ".join(f"{words(name)} {count}" for name, count in told.items())
    return ", ".join(told)
