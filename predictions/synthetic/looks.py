"""How each class of cell looks: its size, cytoplasm, granules and nucleus."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Final

import numpy as np

from predictions.synthetic.canvas import TURN, Canvas, Colour, Map

Nucleus = Callable[[Canvas, float, float, float], Map]


@dataclass(frozen=True, slots=True)
class Look:
    """How a class looks: radius in pixels, cytoplasm, granules (colour, number, size) and its nucleus."""

    radius: float
    cytoplasm: Colour
    granules: Colour
    count: int
    size: float
    nucleus: Nucleus


def _round_nucleus(share: float, wobble: float = 0.04) -> Nucleus:
    def shape(canvas: Canvas, x: float, y: float, radius: float) -> Map:
        shift = canvas.dice.normal(0, radius * (1 - share) * 0.3, 2)
        return canvas.blob(x + shift[0], y + shift[1], radius * share, wobble=wobble, soft=2)

    return shape


def _lobed_nucleus(lobes: int, size: float) -> Nucleus:
    """Lobes along an arc, held together by strands."""

    def shape(canvas: Canvas, x: float, y: float, radius: float) -> Map:
        start, span = canvas.dice.uniform(0, TURN), 0.95 * lobes
        mask = np.zeros((canvas.height, canvas.width), np.float32)
        for step in range(4 * (lobes - 1) + 1):
            turn = start + span * step / (4 * (lobes - 1)) * 1.15
            part = size * canvas.dice.uniform(0.9, 1.1) if step % 4 == 0 else size * 0.45
            lobe = canvas.blob(
                x + np.cos(turn) * radius * 0.46,
                y + np.sin(turn) * radius * 0.46,
                radius * part,
                wobble=0.14,
                soft=2,
            )
            mask = np.maximum(mask, lobe)
        return mask

    return shape


def _kidney_nucleus(canvas: Canvas, x: float, y: float, radius: float) -> Map:
    """Return a large nucleus with a deep notch."""
    turn = canvas.dice.uniform(0, TURN)
    whole = canvas.blob(
        x - np.cos(turn) * radius * 0.1, y - np.sin(turn) * radius * 0.1, radius * 0.68, wobble=0.12, soft=2
    )
    notch = canvas.blob(
        x + np.cos(turn) * radius * 0.6, y + np.sin(turn) * radius * 0.6, radius * 0.36, soft=4
    )
    return np.asarray(whole * (1 - notch), np.float32)


NO_GRANULES: Final = ((255, 255, 255), 0, 1.0)
LOOKS: Final[dict[str, Look]] = {
    "neutrophil": Look(66, (238, 208, 214), (190, 128, 172), 260, 1.3, _lobed_nucleus(4, 0.30)),
    "eosinophil": Look(68, (238, 196, 184), (222, 128, 100), 360, 3.2, _lobed_nucleus(2, 0.40)),
    "basophil": Look(62, (214, 184, 212), (72, 36, 112), 120, 4.4, _round_nucleus(0.70, 0.25)),
    "lymphocyte": Look(61, (168, 184, 228), *NO_GRANULES, _round_nucleus(0.83, 0.12)),
    "monocyte": Look(80, (190, 188, 212), (168, 140, 186), 160, 1.2, _kidney_nucleus),
    "immature_granulocyte": Look(78, (206, 186, 218), (152, 84, 160), 420, 1.6, _round_nucleus(0.70, 0.10)),
    "erythroblast": Look(50, (176, 172, 198), *NO_GRANULES, _round_nucleus(0.72, 0.02)),
    "platelet": Look(17, (214, 184, 214), (128, 72, 160), 26, 1.8, _round_nucleus(0.30, 0.30)),
}
# Size of the clumps in pixels and amount of dye; a class that is not named has (2.4, 0.55).
CHROMATIN: Final = {
    "lymphocyte": (2.2, 0.62),
    "erythroblast": (3.8, 0.9),
    "monocyte": (1.6, 0.45),
    "immature_granulocyte": (1.8, 0.45),
}
