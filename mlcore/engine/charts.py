"""The confusion matrix as a picture."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
from matplotlib.figure import Figure


def confusion_picture(report: dict[str, Any], path: Path, title: str = "") -> None:
    """Draw the confusion matrix of an evaluation report as a PNG: share of each row, counts written in."""
    table = report["confusion"]
    counts = np.asarray(table["rows"], dtype=float)
    share = counts / np.maximum(counts.sum(axis=1, keepdims=True), 1)
    names = [name.replace("_", " ") for name in table["answer"]]
    truths = [name.replace("_", " ") for name in table["truth"]]
    figure = Figure(figsize=(1.6 + 0.85 * len(names), 1.8 + 0.62 * len(truths)), layout="constrained")
    axes = figure.subplots()
    axes.imshow(share, cmap="Purples", vmin=0, vmax=1, aspect="auto")
    axes.set_xticks(range(len(names)), names, rotation=35, ha="right")
    axes.set_yticks(range(len(truths)), truths)
    axes.set_xlabel("read as")
    axes.set_ylabel("is")
    for (row, column), count in np.ndenumerate(counts):
        if count:
            colour = "white" if share[row, column] > 0.55 else "black"
            axes.text(column, row, f"{count:.0f}", ha="center", va="center", color=colour)
    accuracy = report["accuracy"]
    spread = f"{accuracy['value']:.1%} right (95 % interval {accuracy['low']:.1%} to {accuracy['high']:.1%})"
    axes.set_title(f"{title}\n{spread}" if title else spread, fontsize=11)
    figure.savefig(path, dpi=110)
