"""How well the probability of each class tells its cells from all others, whatever limit one chooses."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from itertools import cycle, product
from pathlib import Path
from typing import Final

import numpy as np
from matplotlib.figure import Figure
from matplotlib.ticker import PercentFormatter
from sklearn.metrics import roc_auc_score, roc_curve

from mlcore.engine.charts import BLUE, DPI, GREEN, GREY, ORANGE, PURPLE

# A curve of thousands of steps is drawn from as many points as an eye can tell apart.
POINTS: Final = 200


@dataclass(frozen=True, slots=True)
class Curve:
    """One class against the rest: the area below its curve, and points of (others named so, own named so)."""

    label: str
    area: float
    cells: int
    points: tuple[tuple[float, float], ...]


def curves(
    truths: Sequence[str], scores: Sequence[Mapping[str, float]], labels: Sequence[str]
) -> list[Curve]:
    """Return the curve of each class that some cells have and others have not, in the order of ``labels``.

    ``scores`` holds each cell's probabilities; where no cell was found every class has none.
    """
    told = []
    for label in labels:
        own = np.asarray([truth == label for truth in truths])
        if own.all() or not own.any():
            continue
        given = np.asarray([row.get(label, 0.0) for row in scores])
        others, hits, _limits = roc_curve(own, given)
        kept = np.unique(np.linspace(0, len(others) - 1, POINTS).round().astype(int))
        points = tuple((float(x), float(y)) for x, y in zip(others[kept], hits[kept], strict=True))
        told.append(Curve(label, float(roc_auc_score(own, given)), int(own.sum()), points))
    return told


def roc_picture(told: Sequence[Curve], path: Path) -> None:
    """Draw the curves as a PNG; classes differ in colour, line and mark."""
    figure = Figure(figsize=(6.4, 5.6), layout="constrained")
    axes = figure.subplots()
    axes.plot([0, 1], [0, 1], color=GREY, linestyle="--", linewidth=1)
    styles = cycle(product(("-", "--", ":"), zip((BLUE, ORANGE, GREEN, PURPLE), "os^D", strict=True)))
    for curve, (line, (colour, mark)) in zip(told, styles, strict=False):
        others, hits = zip(*curve.points, strict=True)
        name = f"{curve.label.replace('_', ' ')}: {curve.area:.3f}"
        every = max(1, len(others) // 8)
        axes.plot(
            others, hits, color=colour, linestyle=line, marker=mark, markevery=every, markersize=4, label=name
        )
    axes.set(xlim=(-0.01, 1.01), ylim=(-0.01, 1.01), xlabel="other cells that would get the name")
    axes.set_ylabel("its cells that would get the name")
    axes.xaxis.set_major_formatter(PercentFormatter(1.0, decimals=0))
    axes.yaxis.set_major_formatter(PercentFormatter(1.0, decimals=0))
    axes.legend(loc="lower right", frameon=False, title="area below the curve")
    axes.grid(alpha=0.25)
    figure.savefig(path, dpi=DPI)
