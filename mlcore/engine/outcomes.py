"""What was read in each picture, counted: by class, by original, and among the answers a model stood by."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from mlcore.engine.contracts import NO_CELL, Box
from mlcore.engine.proportion import Proportion, f1_of, mean_of, proportion
from mlcore.engine.statistics import exact, upper_bound


@dataclass(frozen=True, slots=True)
class Outcome:
    """One picture: its class, what was read (``none`` without a cell), how surely, its original, where."""

    path: str
    truth: str
    label: str
    confidence: float
    abstained: bool
    group: int
    box: Box | None = None


def votes(outcomes: Sequence[Outcome]) -> list[tuple[str, str]]:
    """Return for each original its class and what most of its copies were read as."""
    counted: dict[tuple[int, str], Counter[str]] = {}
    for outcome in outcomes:
        counted.setdefault((outcome.group, outcome.truth), Counter())[outcome.label] += 1
    return [(truth, names.most_common(1)[0][0]) for (_group, truth), names in counted.items()]


def by_original(outcomes: Sequence[Outcome]) -> dict[str, Any]:
    """Return how many originals are named rightly by a vote over their copies, with an exact interval."""
    named = votes(outcomes)
    won, total = sum(truth == answer for truth, answer in named), len(named)
    low, high = exact(won, total)
    return {"right": won, "originals": total, "value": won / total, "low": low, "high": high}


def accuracy(outcomes: Sequence[Outcome]) -> Proportion:
    """Return the share that is named rightly, with limits that respect copies of one original."""
    right = np.asarray([o.label == o.truth for o in outcomes], dtype=np.bool_)
    return proportion(right, np.asarray([o.group for o in outcomes]))


def balanced(outcomes: Sequence[Outcome]) -> dict[str, float]:
    """Return the mean recall over the classes that occur, with its interval."""
    truths = sorted({o.truth for o in outcomes})
    return mean_of([accuracy([o for o in outcomes if o.truth == truth]) for truth in truths])


def per_class(outcomes: Sequence[Outcome], labels: Sequence[str]) -> dict[str, dict[str, Any]]:
    """Return precision, recall and F1 for each class, None where undefined, with the pictures behind them.

    ``intervals`` holds the same three with their limits; ``by_original`` is the recall of a vote over copies,
    with exact limits.
    """
    return {label: _one_class(outcomes, label) for label in labels}


def _one_class(outcomes: Sequence[Outcome], label: str) -> dict[str, Any]:
    own = [o for o in outcomes if o.truth == label]
    named = [o for o in outcomes if o.label == label]
    either = [o for o in outcomes if label in (o.truth, o.label)]
    intervals = {
        "precision": accuracy(named).told() if named else None,
        "recall": accuracy(own).told() if own else None,
        "f1": f1_of(accuracy(either)) if either else None,
    }
    return {
        "pictures": len(own),
        "intervals": intervals,
        **{name: told and told["value"] for name, told in intervals.items()},
        "by_original": by_original(own) if own else None,
    }


def confusion(outcomes: Sequence[Outcome], labels: Sequence[str]) -> dict[str, Any]:
    """Return counts: one row for each true class, one column for each answer, the last for no cell."""
    columns = [*labels, NO_CELL]
    counts = Counter((o.truth, o.label) for o in outcomes)
    rows = [[counts[truth, answer] for answer in columns] for truth in labels]
    return {"truth": list(labels), "answer": columns, "rows": rows}


def abstention(outcomes: Sequence[Outcome], labels: Sequence[str]) -> dict[str, Any]:
    """Return what share was answered and how often the answers were wrong, in all and by class.

    ``originals`` counts those answered and ``wrong_originals`` the wrong ones among them, where each of an
    original's answered copies counts as its part; ``bound`` is the share of wrong ones that is not exceeded
    with 95 % confidence (exact, one-sided). A class has the answers that gave its name.
    """
    answered = [o for o in outcomes if not o.abstained]
    right = accuracy(answered) if answered else None
    copies = Counter((o.group, o.truth) for o in answered)
    parts = [(o, 1 / copies[o.group, o.truth]) for o in answered]
    return {
        "coverage": len(answered) / len(outcomes),
        "accuracy_of_answers": right.value if right else None,
        "error_of_answers": right.rest().told() if right else None,
        **_bounded(parts),
        "by_class": {label: _answers(outcomes, parts, label) for label in labels},
    }


def _answers(
    outcomes: Sequence[Outcome], parts: Sequence[tuple[Outcome, float]], label: str
) -> dict[str, Any]:
    own = [o for o in outcomes if o.truth == label]
    given = [(o, part) for o, part in parts if o.label == label]
    return {
        "coverage": sum(not o.abstained for o in own) / len(own) if own else None,
        "answers": len(given),
        "error": sum(o.truth != label for o, _part in given) / len(given) if given else None,
        **_bounded(given),
    }


def _bounded(parts: Sequence[tuple[Outcome, float]]) -> dict[str, float]:
    total = round(sum(part for _o, part in parts), 6)
    wrong = round(sum(part for o, part in parts if o.label != o.truth), 6)
    return {"originals": total, "wrong_originals": wrong, "bound": upper_bound(wrong, total)}
