"""The figures of an evaluation as pictures: nothing is measured here.

The colours are those of Okabe and Ito 2008, which people with any colour vision can tell apart; lines
differ in their marks as well.
"""

from __future__ import annotations

import textwrap
from collections.abc import Mapping, Sequence
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


def _with_bars(axes: Axes, places: Sequence[float], told: Sequence[Mapping[str, float]], style: int) -> None:
    colour, mark = STYLES[style]
    values = [one["value"] for one in told]
    reach = [[one["value"] - one["low"] for one in told], [one["high"] - one["value"] for one in told]]
    axes.errorbar(places, values, reach, color=colour, fmt=mark, markersize=5, elinewidth=1.2, capsize=2)


def _numbers(told: Mapping[str, float]) -> str:
    return f"{told['value']:.3f} ({told['low']:.3f} to {told['high']:.3f})"


def _wrapped(name: str) -> str:
    """Return a set's name in lines that fit above a panel; people give long ones."""
    return textwrap.fill(name, 44)
