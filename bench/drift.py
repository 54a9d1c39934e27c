"""Does the watch for drift notice a changed stain, a softer focus or another lamp, and how often does it err?

Reads real smear fields with the shipped model, as they are and changed, and makes weeks of them by lot:
some that are unchanged, then some of which each is changed more than the one before. Printed is what
alarms in which week, then how many of many unchanged weeks alarm by mistake; drawn is every distance
against its limit. Usage: HEMATOVISION_DATA=... .venv/bin/python bench/drift.py [--fields 60] [--false 500]
[--picture FILE]
"""

import argparse
from collections import Counter
from collections.abc import Callable, Sequence
from dataclasses import asdict, dataclass
from pathlib import Path

import matplotlib as mpl
import numpy as np
from scipy import ndimage

from mlcore.engine.bundle import SHIPPED_BUNDLE
from mlcore.engine.contracts import FieldPrediction, Image
from mlcore.engine.drift import CONFIDENCES, Kind, Limits, Measure, Seen, Verdict, compare
from mlcore.engine.images import read_image
from mlcore.engine.manifest import data_root
from mlcore.engine.picture import COMPARED, compared
from mlcore.engine.runtime import load_predictor
from mlcore.engine.stain import background_colour

BASELINE, QUIET = 150, 4
STRENGTHS = (0.25, 0.5, 0.75, 1.0)
# Optical density in red, green and blue of the strongest change: more eosin, less azure.
STAIN = np.array([0.72, 1.0, 1.35])
# The strongest change of the lamp, and of the focus in pixels of a field of 640 by 480.
LAMP, SOFTEST = np.array([1.0, 0.92, 0.74]), 3.0


@dataclass(frozen=True)
class Told:
    """What is compared of one field."""

    values: dict[str, float]
    cells: list[tuple[str, float, bool]]


def stained(image: Image, strength: float) -> Image:
    """Return the field as another mixture of dyes would show it: its optical density shifted by channel."""
    glass = background_colour(image)
    density = -np.log(np.clip(image / glass, 0.02, 1.1)) * (1 + strength * (STAIN - 1))
    return np.clip(glass * np.exp(-density), 0, 255).astype(np.uint8)


def lit(image: Image, strength: float) -> Image:
    """Return the field under a warmer lamp."""
    return np.clip(image * (1 + strength * (LAMP - 1)), 0, 255).astype(np.uint8)


def soft(image: Image, strength: float) -> Image:
    """Return the field out of focus."""
    return ndimage.gaussian_filter(image, (SOFTEST * strength, SOFTEST * strength, 0))


CHANGES: dict[str, Callable[[Image, float], Image]] = {"stain": stained, "focus": soft, "lamp": lit}


def told(prediction: FieldPrediction) -> Told:
    """Return what the portal would keep of a reading and compare."""
    assert prediction.picture
    values = {**compared(asdict(prediction.picture)), "cells": float(len(prediction.cells))}
    return Told(values, [(cell.label, cell.confidence, cell.abstained) for cell in prediction.cells])


def seen(fields: Sequence[Told]) -> Seen:
    """Return what was seen in some fields, as the portal counts it; nobody has reviewed them."""
    values = {
        name: [one.values[name] for one in fields if name in one.values] for name in (*COMPARED, "cells")
    }
    cells = [cell for one in fields for cell in one.cells]
    places = np.searchsorted(CONFIDENCES, [confidence for _label, confidence, _unsure in cells], side="right")
    unsure = Counter({"yes": 0, "no": 0})
    unsure.update("yes" if unsure else "no" for _label, _confidence, unsure in cells)
    shares = {
        "classes": Counter(label for label, _confidence, _unsure in cells),
        "confidence": Counter(map(str, places)),
        "unidentified": unsure,
    }
    return Seen(len(fields), values, shares)


def read() -> dict[tuple[str, float], list[Told]]:
    """Read every field, as it is under ("", 0), and changed."""
    root = data_root()
    if root is None:
        raise SystemExit("There are no real fields: HEMATOVISION_DATA names no folder.")
    predictor, readings = load_predictor(SHIPPED_BUNDLE), dict[tuple[str, float], list[Told]]()
    for file in sorted((root / "bccd" / "images").rglob("*.jpg")):
        image = read_image(file.read_bytes())
        readings.setdefault(("", 0), []).append(told(predictor.predict(image)))
        for name, change in CHANGES.items():
            for strength in STRENGTHS:
                changed = told(predictor.predict(change(image, strength)))
                readings.setdefault((name, strength), []).append(changed)
    return readings


def weeks(
    readings: dict[tuple[str, float], list[Told]], change: str, fields: int, lot: np.random.Generator
) -> list[list[Measure]]:
    """Return the measures of each week: unchanged ones, then changed ones of growing strength."""
    order = lot.permutation(len(readings["", 0]))
    first, later = order[:BASELINE], order[BASELINE:]
    baseline = seen([readings["", 0][place] for place in first])
    keys = [("", 0.0)] * QUIET + [(change, strength) for strength in STRENGTHS]
    return [
        compare(
            baseline,
            seen([readings[key][place] for place in lot.choice(later, fields, replace=False)]),
            LIMITS,
        )
        for key in keys
    ]


LIMITS = Limits(least_counts=30)


def draw(found: dict[str, list[list[Measure]]], file: Path) -> None:
    """Draw each distance over the limit of an alarm; above 1 it alarms if chance does not explain it."""
    mpl.use("Agg")
    from matplotlib import pyplot as plt  # noqa: PLC0415 -- after the backend is chosen

    figure, all_axes = plt.subplots(1, len(found), figsize=(13, 4.6), sharey=True)
    marks = "osv^D<>PX*ph"
    for axes, (change, measured) in zip(all_axes, found.items(), strict=True):
        for number, name in enumerate(one.name for one in measured[0]):
            lines = [week[number].distance / limit_of(week[number]) for week in measured]
            axes.plot(range(1, len(lines) + 1), lines, marker=marks[number], markersize=5, label=name)
        axes.axhline(1, color="black", linestyle="--", linewidth=1)
        axes.axvspan(QUIET + 0.5, len(measured) + 0.5, color="black", alpha=0.06)
        axes.set_title(f"{change}: changed from week {QUIET + 1} on, more each week", fontsize=10)
        axes.set_xlabel("week")
        axes.spines[["top", "right"]].set_visible(False)
    all_axes[0].set_ylabel("distance / limit of an alarm")
    all_axes[-1].legend(frameon=False, fontsize=8, loc="upper left")
    figure.tight_layout()
    figure.savefig(file, dpi=110)


def limit_of(measure: Measure) -> float:
    """Return from where on a measure alarms: its limit, or what chance explains where that is more."""
    limit = LIMITS.psi[1] if measure.kind == Kind.SHARES else LIMITS.ks[1]
    return max(limit, measure.chance)


def mistakes(readings: dict[tuple[str, float], list[Told]], fields: int, count: int) -> None:
    """Print how many unchanged weeks alarm, and how many are worth watching, by which measure."""
    lot, alarms, watches = np.random.default_rng(7), Counter[str](), Counter[str]()
    alarmed = 0
    for _number in range(count // QUIET):
        for week in weeks(readings, "stain", fields, lot)[:QUIET]:
            alarms.update(one.name for one in week if one.verdict == Verdict.ALARM)
            watches.update(one.name for one in week if one.verdict == Verdict.WATCH)
            alarmed += any(one.verdict == Verdict.ALARM for one in week)
    print(
        f"\n{count} unchanged weeks of {fields} fields: {alarmed} alarm {dict(alarms)}, watch {dict(watches)}"
    )


def main() -> None:
    """Read, tell each week, count mistakes, draw."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--fields", type=int, default=60)
    parser.add_argument("--false", type=int, default=500)
    parser.add_argument("--picture", type=Path)
    chosen = parser.parse_args()
    readings, found = read(), {}
    print(f"{len(readings['', 0])} real fields, {BASELINE} of them are the baseline, {chosen.fields} a week")
    for change in CHANGES:
        found[change] = weeks(readings, change, chosen.fields, np.random.default_rng(1))
        for number, week in enumerate(found[change], start=1):
            said = [
                f"{one.name} {one.distance:.2f} ({one.verdict})"
                for one in week
                if one.verdict in {Verdict.ALARM, Verdict.WATCH}
            ]
            strength = STRENGTHS[number - QUIET - 1] if number > QUIET else 0
            print(f"{change:6} week {number} strength {strength:4}: {', '.join(said) or 'steady'}")
    mistakes(readings, chosen.fields, chosen.false)
    if chosen.picture:
        draw(found, chosen.picture)


if __name__ == "__main__":
    main()
