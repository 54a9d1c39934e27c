"""Draws one cell."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

import numpy as np
from scipy import ndimage

from mlcore.engine.contracts import Box
from predictions.synthetic.canvas import TURN, Canvas, Colour, Map
from predictions.synthetic.looks import CHROMATIN, LOOKS, Look

RED_CELL: Final[Colour] = (214, 166, 168)
NUCLEUS: Final[Colour] = (82, 46, 136)


@dataclass(frozen=True, slots=True)
class DrawnCell:
    """One leukocyte, erythroblast or platelet that was drawn: where it is and what it is."""

    box: Box
    label: str


def draw_cell(slide: Canvas, label: str, x: float, y: float, radius: float) -> DrawnCell:
    """Draw a cell of class ``label`` around a point of the slide; ``radius`` is in pixels."""
    look, canvas = LOOKS[label], slide.around(x, y, radius * 1.3)
    body = canvas.blob(x, y, radius, wobble=0.11 if label == "monocyte" else 0.05, soft=2.5)
    canvas.paint(body, look.cytoplasm)
    canvas.stain(body, look.cytoplasm, 0.30 * canvas.grain(2.5) + 0.15)
    nucleus = look.nucleus(canvas, x, y, radius)
    granules = _granules(canvas, look, x, y, radius) * body
    if label == "basophil":
        _nucleus(canvas, label, nucleus * 0.8)
        canvas.paint(granules, look.granules)
    else:
        canvas.paint(granules, look.granules)
        _nucleus(canvas, label, nucleus)
    if label == "monocyte":
        for _vacuole in range(6):
            place = canvas.dice.uniform(-0.7, 0.7, 2) * radius
            vacuole = canvas.blob(x + place[0], y + place[1], 4, soft=2.5)
            canvas.paint(vacuole * body * (1 - nucleus) * 0.7, (236, 230, 236))
    rows, columns = np.nonzero(body > 0.5)
    left, top = canvas.left, canvas.top
    box = Box(
        left + int(columns.min()),
        top + int(rows.min()),
        left + int(columns.max()) + 1,
        top + int(rows.max()) + 1,
    )
    return DrawnCell(box, label)


def _nucleus(canvas: Canvas, label: str, mask: Map) -> None:
    """Paint a nucleus with light and dark chromatin: fine in a monocyte, clumped in a lymphocyte."""
    clump, dye = CHROMATIN.get(label, (2.4, 0.55))
    canvas.paint(
        mask * 0.97, (146, 98, 178) if label in {"monocyte", "immature_granulocyte"} else (128, 80, 166)
    )
    canvas.stain(mask, NUCLEUS, dye + 0.22 * canvas.grain(clump))


def _granules(canvas: Canvas, look: Look, x: float, y: float, radius: float) -> Map:
    """Return all granules of a cell in one mask: single pixels, made round by a filter."""
    turn = canvas.dice.uniform(0, TURN, look.count)
    far = np.sqrt(canvas.dice.uniform(0, 0.92, look.count)) * radius
    columns = np.clip(x - canvas.left + np.cos(turn) * far, 0, canvas.width - 1).astype(int)
    rows = np.clip(y - canvas.top + np.sin(turn) * far, 0, canvas.height - 1).astype(int)
    dots = np.zeros((canvas.height, canvas.width), np.float32)
    dots[rows, columns] = canvas.dice.uniform(0.55, 1.15, look.count)
    spread = 0.6 * look.size
    return np.asarray(np.clip(ndimage.gaussian_filter(dots, spread) * spread**2 * 9, 0, 0.88), np.float32)


def draw_red_cell(canvas: Canvas, x: float, y: float, radius: float) -> None:
    """Draw a disc with central pallor; it lets through what lies below."""
    piece = canvas.around(x, y, radius * 1.4)
    if piece.light.size == 0:
        return
    disc = piece.blob(x, y, radius, wobble=0.07, soft=2.2)
    far = np.hypot(*piece.distance(x, y)) / radius
    pallor = 0.74 * np.exp(-((far / 0.44) ** 2)) - 0.16 * np.exp(-(((far - 0.84) / 0.14) ** 2))
    thickness = np.float32(canvas.dice.normal(1, 0.07)) * np.asarray(1 - pallor, np.float32)
    piece.stain(disc, RED_CELL, thickness)
