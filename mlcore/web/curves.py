"""The epochs of a training as two small charts, drawn on the server and readable without colour."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Final

from django.utils.translation import gettext as _

# The drawing's own units; the page scales it.
WIDTH, HEIGHT = 320.0, 120.0
LEFT, RIGHT, TOP, BOTTOM = 34.0, 8.0, 8.0, 18.0
# The dash of each line says which it is, beside its name at the end.
KINDS: Final = (("", "training"), ("val_", "validation"))


@dataclass(frozen=True, slots=True)
class Line:
    """One line of a chart: its name, how it is dashed, its points as SVG wants them, its last value."""

    name: str
    kind: str
    points: str
    dots: Sequence[tuple[str, str]]
    last: str


@dataclass(frozen=True, slots=True)
class Tick:
    """A value on the upright axis and how far down it stands."""

    text: str
    y: str


@dataclass(frozen=True, slots=True)
class Curves:
    """One chart: its title, its lines, its axis, and the number of the last epoch.

    ``stages`` are the places between two epochs of which the second belongs to another network or head.
    """

    title: str
    lines: Sequence[Line]
    ticks: Sequence[Tick]
    stages: Sequence[str]
    epochs: int
    summary: str


def curves(history: Sequence[Mapping[str, Any]]) -> list[Curves]:
    """Return the charts of loss and accuracy over the epochs; none before the first epoch."""
    charts = [_chart(history, "loss", _("Loss")), _chart(history, "accuracy", _("Accuracy"))]
    return [chart for chart in charts if chart]


def _chart(history: Sequence[Mapping[str, Any]], figure: str, title: str) -> Curves | None:
    found = [(prefix, kind, [epoch.get(prefix + figure) for epoch in history]) for prefix, kind in KINDS]
    values = [value for _prefix, _kind, row in found for value in row if value is not None]
    if not values:
        return None
    low, high = _axis(values) if figure == "loss" else (min(*values, 0.95), 1.0)
    lines = [_line(kind, row, low, high) for _prefix, kind, row in found if any(v is not None for v in row)]
    ticks = [Tick(f"{value:.3f}", _number(_y(value, low, high))) for value in (low, (low + high) / 2, high)]
    parts = ", ".join(f"{line.name} {line.last}" for line in lines)
    summary = _("%(title)s after %(n)d epochs: %(parts)s") % {
        "title": title,
        "n": len(history),
        "parts": parts,
    }
    return Curves(title, lines, ticks, _stages(history), len(history), summary)


def _axis(values: Sequence[float]) -> tuple[float, float]:
    """Return where the axis of a loss ends: at zero only where that leaves the lines room to move.

    Softened labels keep a loss well above zero, and on an axis from there its fall is a flat line.
    """
    low, high = min(values), max(*values, 0.001)
    return (0.0 if low < high / 2 else low), high


def _stages(history: Sequence[Mapping[str, Any]]) -> list[str]:
    """Return where, between two epochs, something else begins to learn."""
    step = _step(len(history))
    return [
        _number(LEFT + step * (number - 0.5))
        for number in range(1, len(history))
        if history[number].get("stage") != history[number - 1].get("stage")
    ]


def _step(epochs: int) -> float:
    return (WIDTH - LEFT - RIGHT) / max(1, epochs - 1)


def _line(kind: str, row: Sequence[float | None], low: float, high: float) -> Line:
    step = _step(len(row))
    placed = [(LEFT + step * n, _y(value, low, high)) for n, value in enumerate(row) if value is not None]
    dots = [(_number(x), _number(y)) for x, y in placed]
    name = _("training") if kind == "training" else _("validation")
    last = next(value for value in reversed(row) if value is not None)
    return Line(name, kind, " ".join(f"{x},{y}" for x, y in dots), dots[-1:], f"{last:.3f}")


def _y(value: float, low: float, high: float) -> float:
    share = (value - low) / (high - low) if high > low else 0.5
    return HEIGHT - BOTTOM - share * (HEIGHT - TOP - BOTTOM)


def _number(value: float) -> str:
    """Return a coordinate as SVG reads it, in every language."""
    return f"{value:.1f}"
