"""A bundle's figures as pictures, drawn from its JSON files: nothing is measured here.

The colours are those of Okabe and Ito 2008, which people with any colour vision can tell apart; lines
differ in their marks as well.
"""

from __future__ import annotations

import json
import re
import textwrap
from collections.abc import Mapping, Sequence
from functools import partial
from itertools import cycle
from pathlib import Path
from typing import Any

import numpy as np
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.ticker import PercentFormatter

Report = Mapping[str, Any]

BLUE, ORANGE, GREEN, PURPLE, GREY = "#0072B2", "#D55E00", "#009E73", "#CC79A7", "#6E6E6E"
STYLES = ((BLUE, "o"), (ORANGE, "s"), (GREEN, "^"), (PURPLE, "D"))
DPI = 110
SHARE, FINE = PercentFormatter(1.0, decimals=0), PercentFormatter(1.0, decimals=1)


def draw_all(bundle: Path, out_dir: Path) -> list[Path]:
    """Draw every chart that the JSON files of a bundle's folder hold figures for; return what was written."""
    out_dir.mkdir(parents=True, exist_ok=True)
    told = {name: _read(bundle / f"{name}.json") for name in ("evaluation", "baseline", "locator", "unseen")}
    evaluation, written = told["evaluation"], []
    for name, report in evaluation.items():
        written.append(out_dir / f"confusion-{_plain(name)}.png")
        confusion_picture(report, written[-1], name)
    # Bundles of an earlier format have no bins and no curve.
    full = {name: report for name, report in evaluation.items() if "risk_coverage" in report}
    charts = (
        ("reliability", full, partial(reliability_picture, full)),
        ("risk-coverage", full, partial(risk_coverage_picture, full)),
        ("sources", evaluation, partial(sources_picture, evaluation, told["baseline"])),
        ("detector", told["locator"].get("curve"), partial(detector_picture, told["locator"])),
        ("unseen", told["unseen"].get("rows"), partial(unseen_picture, told["unseen"])),
    )
    for name, figures, draw in charts:
        if figures:
            written.append(out_dir / f"{name}.png")
            draw(written[-1])
    return written


def confusion_picture(report: Report, path: Path, title: str = "") -> None:
    """Draw the confusion matrix of an evaluation report as a PNG: share of each row, counts written in."""
    table = report["confusion"]
    counts = np.asarray(table["rows"], dtype=float)
    share = counts / np.maximum(counts.sum(axis=1, keepdims=True), 1)
    # A class that neither occurred nor was answered would only be an empty line.
    rows, columns = np.flatnonzero(counts.any(axis=1)), np.flatnonzero(counts.any(axis=0))
    names = [table["answer"][column].replace("_", " ") for column in columns]
    truths = [table["truth"][row].replace("_", " ") for row in rows]
    figure = Figure(figsize=(2.2 + 0.85 * len(names), 1.8 + 0.62 * len(truths)), layout="constrained")
    axes = figure.subplots()
    shown, numbers = share[np.ix_(rows, columns)], counts[np.ix_(rows, columns)]
    axes.imshow(shown, cmap="Purples", vmin=0, vmax=1, aspect="auto")
    axes.set_xticks(range(len(names)), names, rotation=35, ha="right", rotation_mode="anchor")
    axes.set_yticks(range(len(truths)), truths)
    axes.set_xlabel("read as")
    axes.set_ylabel("is")
    for (row, column), count in np.ndenumerate(numbers):
        if count:
            colour = "white" if shown[row, column] > 0.55 else "black"
            axes.text(column, row, f"{count:.0f}", ha="center", va="center", color=colour)
    accuracy = report["accuracy"]
    spread = f"{accuracy['value']:.1%} right\n95 % interval {accuracy['low']:.1%} to {accuracy['high']:.1%}"
    axes.set_title(f"{title}: {spread}" if title else spread, fontsize=10)
    figure.savefig(path, dpi=DPI)


def reliability_picture(reports: Mapping[str, Report], path: Path) -> None:
    """Draw for each set how often answers of each confidence were right, and how many pictures that is."""
    figure = Figure(figsize=(0.6 + 4.4 * len(reports), 5.8), layout="constrained")
    panels = figure.subplots(2, len(reports), squeeze=False, sharex=True, height_ratios=(3, 1))
    for (name, report), (upper, lower) in zip(reports.items(), panels.T, strict=True):
        bins, error = report["calibration"]["bins"], report["calibration"]["interval"]
        upper.plot([0, 1], [0, 1], color=GREY, linestyle="--", linewidth=1, label="as sure as right")
        _with_bars(upper, [one["confidence"] for one in bins], [one["right"] for one in bins], 0)
        upper.set_title(f"{_wrapped(name)}\nexpected calibration error {_numbers(error)}", fontsize=10)
        upper.set(ylim=(0, 1.03), xlim=(0, 1.02))
        upper.yaxis.set_major_formatter(SHARE)
        upper.legend(loc="upper left", frameon=False)
        left, width = [one["from"] for one in bins], bins[0]["to"] - bins[0]["from"]
        heights = [one["pictures"] for one in bins]
        lower.bar(left, heights, width, align="edge", color=BLUE, edgecolor="white")
        lower.set(yscale="log", ylim=(0.7, 2 * max(heights)), xlabel="confidence of the answer")
        lower.xaxis.set_major_formatter(SHARE)
    panels[0, 0].set_ylabel("share that was right, 95 % interval")
    panels[1, 0].set_ylabel("pictures (log)")
    figure.savefig(path, dpi=DPI)


def risk_coverage_picture(reports: Mapping[str, Report], path: Path) -> None:
    """Draw how often answers are wrong if only the most confident share of pictures is answered.

    The large mark is where the model stands with its own thresholds.
    """
    figure = Figure(figsize=(7.2, 4.8), layout="constrained")
    axes = figure.subplots()
    for (name, report), (colour, mark) in zip(reports.items(), cycle(STYLES), strict=False):
        points = report["risk_coverage"]
        coverage = [one["coverage"] for one in points]
        axes.fill_between(
            coverage,
            [one["low"] for one in points],
            [one["high"] for one in points],
            color=colour,
            alpha=0.15,
        )
        error = [one["error"] for one in points]
        axes.plot(coverage, error, color=colour, marker=mark, markersize=3.5, label=_wrapped(name))
        own = report["abstention"]
        if own["error_of_answers"]:
            place = (own["coverage"], own["error_of_answers"]["value"])
            axes.plot(*place, mark, color=colour, markersize=11, markeredgecolor="black", clip_on=False)
    # Few answers leave wide intervals; the half with most answers decides how much of them is shown.
    highest = max(
        one["high"] for own in reports.values() for one in own["risk_coverage"] if one["coverage"] > 0.5
    )
    axes.set(xlim=(0, 1.01), ylim=(0, 1.1 * highest))
    axes.set_xlabel("share of pictures answered, most confident first")
    axes.set_ylabel("share of wrong answers, 95 % interval")
    axes.set_title("Large marks: the model's own thresholds", fontsize=10)
    axes.xaxis.set_major_formatter(SHARE)
    axes.yaxis.set_major_formatter(FINE)
    axes.legend(loc="upper left", frameon=False)
    axes.grid(alpha=0.25)
    figure.savefig(path, dpi=DPI)


def detector_picture(told: Report, path: Path) -> None:
    """Draw precision over recall of the locator for each score, and the score that was chosen."""
    score, recall, precision = np.asarray(told["curve"], dtype=float).T
    figure = Figure(figsize=(5.6, 5.2), layout="constrained")
    axes = figure.subplots()
    axes.plot(recall, precision, color=BLUE)
    chosen = int(np.abs(score - told["threshold"]).argmin())
    label = f"score {score[chosen]:.2f}: recall {recall[chosen]:.1%}, precision {precision[chosen]:.1%}"
    axes.plot(recall[chosen], precision[chosen], "o", color=ORANGE, markersize=9, label=label)
    least = max(0.0, min(0.8, float(np.floor(10 * min(recall[chosen], precision[chosen])) / 10 - 0.1)))
    axes.set(xlim=(least, 1.005), ylim=(least, 1.005), xlabel="recall: leukocytes that were found")
    axes.set_ylabel("precision: found boxes that hold one")
    axes.xaxis.set_major_formatter(FINE)
    axes.locator_params(axis="x", nbins=6)
    axes.yaxis.set_major_formatter(FINE)
    lines = [f"{name}: F1 {_percent(one['f1'])}" for name, one in told["sets"].items()]
    axes.set_title("\n".join(lines), fontsize=9, loc="left")
    axes.legend(loc="lower left", frameon=False)
    axes.grid(alpha=0.25)
    figure.savefig(path, dpi=DPI)


def sources_picture(own: Mapping[str, Report], classic: Mapping[str, Report], path: Path) -> None:
    """Draw the share read rightly in each set, by picture and by original, beside the classic recipe."""
    rows: list[tuple[str, Mapping[str, float], int]] = []
    for name, report in own.items():
        counts = f"{report['pictures']:,} pictures, {report['originals']:,} originals"
        rows.append((f"{name}, by picture\n{counts}", report["accuracy"], 0))
        rows.append((f"{name}, by original", report["by_original"], 2))
        if name in classic:
            rows.append((f"{name}, classic recipe, by picture", classic[name]["accuracy"], 1))
    _rows_picture(rows, "share read rightly, 95 % interval", path)


def unseen_picture(told: Report, path: Path) -> None:
    """Draw what training on one laboratory was worth on another."""
    rows = [
        (f"{one['name']}\n{one['originals']:,} originals", one["balanced_accuracy"], 0)
        for one in told["rows"]
    ]
    _rows_picture(rows, "mean recall over the classes, 95 % interval", path)


def _rows_picture(rows: Sequence[tuple[str, Mapping[str, float], int]], label: str, path: Path) -> None:
    """Draw one value with its interval on each line, in a style of its own, first on top."""
    figure = Figure(figsize=(8.2, 1.0 + 0.55 * len(rows)), layout="constrained")
    axes = figure.subplots()
    for line, (_name, told, style) in enumerate(rows):
        colour, mark = STYLES[style]
        axes.barh(line, told["value"], 0.55, color=colour, alpha=0.3)
        axes.plot([told["low"], told["high"]], [line, line], color=colour, linewidth=2)
        axes.plot(told["value"], line, mark, color=colour, markersize=7)
        axes.text(1.02, line, _percent(told), va="center", fontsize=9)
    axes.set_yticks(range(len(rows)), [name for name, *_rest in rows], fontsize=9)
    axes.set(xlim=(0, 1), ylim=(len(rows) - 0.4, -0.6), xlabel=label)
    axes.xaxis.set_major_formatter(SHARE)
    axes.spines[["top", "right"]].set_visible(False)
    axes.grid(axis="x", alpha=0.25)
    figure.savefig(path, dpi=DPI)


def _with_bars(axes: Axes, places: Sequence[float], told: Sequence[Mapping[str, float]], style: int) -> None:
    colour, mark = STYLES[style]
    values = [one["value"] for one in told]
    reach = [[one["value"] - one["low"] for one in told], [one["high"] - one["value"] for one in told]]
    axes.errorbar(places, values, reach, color=colour, fmt=mark, markersize=5, elinewidth=1.2, capsize=2)


def _percent(told: Mapping[str, float]) -> str:
    return f"{told['value']:.1%} ({told['low']:.1%} to {told['high']:.1%})"


def _numbers(told: Mapping[str, float]) -> str:
    return f"{told['value']:.3f} ({told['low']:.3f} to {told['high']:.3f})"


def _read(path: Path) -> Report:
    """Return the figures of a file; a bundle that lacks it has none."""
    told: Report = json.loads(path.read_text()) if path.exists() else {}
    return told


def _wrapped(name: str) -> str:
    """Return a set's name in lines that fit above a panel; people give long ones."""
    return textwrap.fill(name, 44)


def _plain(name: str) -> str:
    """Return a set's name as part of a file's name."""
    return re.sub(r"[^a-z0-9]+", "-", name.lower()).strip("-")
