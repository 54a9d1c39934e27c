"""Draws a whole smear field."""

from __future__ import annotations

import io
from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Final

import numpy as np
from PIL import Image as PillowImage
from PIL import ImageDraw, ImageFont
from scipy import ndimage

from mlcore.engine.contracts import LABELS, Box, Image
from predictions.synthetic.canvas import Canvas
from predictions.synthetic.cells import DrawnCell, draw_cell, draw_red_cell
from predictions.synthetic.looks import LOOKS

RED_CELL_RADIUS: Final = 37.0
DEFAULT_CELLS: Final = ("neutrophil", "lymphocyte", "monocyte")


@dataclass(frozen=True, slots=True)
class SyntheticField:
    """A picture (uint8, height x width x 3, RGB) and the truth about it."""

    image: Image
    cells: tuple[DrawnCell, ...]

    def encoded(self, media_type: str = "image/jpeg") -> bytes:
        """Return the picture as a JPEG or PNG file."""
        buffer = io.BytesIO()
        kind = media_type.removeprefix("image/").upper()
        PillowImage.fromarray(self.image).save(buffer, format=kind, quality=92)
        return buffer.getvalue()


def draw_field(
    seed: int, *, labels: Sequence[str] = DEFAULT_CELLS, width: int = 640, height: int = 480
) -> SyntheticField:
    """Draw a field that holds one cell for each of ``labels``, red cells, platelets and debris.

    Raises:
        ValueError: a label is unknown, or the picture has no room for so many cells.
    """
    image, cells = _drawn(seed, labels, width, height)
    return SyntheticField(_marked(image), cells)


def draw_overlapping(
    seed: int, *, labels: Sequence[str] = DEFAULT_CELLS, width: int = 640, height: int = 480, step: int = 240
) -> tuple[SyntheticField, SyntheticField]:
    """Draw two fields of one smear, the second ``step`` pixels to the right: what lies between is in both.

    The cells of each are those whose middle it shows, in its own pixels.

    Raises:
        ValueError: as :func:`draw_field`.
    """
    image, cells = _drawn(seed, labels, width + step, height)
    return (_window(image, cells, 0, width), _window(image, cells, step, width))


def _window(image: Image, cells: Sequence[DrawnCell], left: int, width: int) -> SyntheticField:
    inside = [
        replace(cell, box=Box(max(0, box.x0 - left), box.y0, min(width, box.x1 - left), box.y1))
        for cell in cells
        for box in [cell.box]
        if left <= (box.x0 + box.x1) / 2 < left + width
    ]
    return SyntheticField(_marked(image[:, left : left + width]), tuple(inside))


def _drawn(seed: int, labels: Sequence[str], width: int, height: int) -> tuple[Image, tuple[DrawnCell, ...]]:
    canvas = Canvas.empty(seed, width, height)
    places = _places(canvas, labels)
    _red_cells(canvas, places)
    cells = [draw_cell(canvas, label, x, y, size) for label, (x, y, size) in zip(labels, places, strict=True)]
    cells += _platelets(canvas, places)
    _debris(canvas)
    return _developed(canvas), tuple(cells)


def _places(canvas: Canvas, labels: Sequence[str]) -> list[tuple[float, float, float]]:
    """Choose a middle and a radius for each cell so that none touches another or the edge."""
    unknown = set(labels) - set(LABELS)
    if unknown:
        raise ValueError(f"Unknown classes: {', '.join(sorted(unknown))}.")
    places: list[tuple[float, float, float]] = []
    for label in labels:
        size = LOOKS[label].radius * canvas.dice.uniform(0.94, 1.06)
        for _try in range(2000):
            x = canvas.dice.uniform(size + 6, max(size + 7, canvas.width - size - 6))
            y = canvas.dice.uniform(size + 6, max(size + 7, canvas.height - size - 26))
            if all(np.hypot(x - px, y - py) > size + other + 24 for px, py, other in places):
                places.append((float(x), float(y), float(size)))
                break
        else:
            raise ValueError(f"No room for {len(labels)} cells in {canvas.width} x {canvas.height} pixels.")
    return places


def _red_cells(canvas: Canvas, places: list[tuple[float, float, float]]) -> None:
    """Strew red cells with central pallor around the leukocytes; they may overlap one another a little."""
    step = RED_CELL_RADIUS * 2.1
    for row in np.arange(-20, canvas.height + 40, step * 0.95):
        for column in np.arange(-20, canvas.width + 40, step):
            right, down = canvas.dice.normal(0, RED_CELL_RADIUS * 0.26, 2)
            x, y = column + right, row + down
            radius = RED_CELL_RADIUS * canvas.dice.normal(1, 0.06)
            free = all(np.hypot(x - px, y - py) > size + radius * 0.82 for px, py, size in places)
            if free and canvas.dice.random() < 0.74:
                draw_red_cell(canvas, float(x), float(y), float(radius))


def _platelets(canvas: Canvas, places: list[tuple[float, float, float]]) -> list[DrawnCell]:
    """Add a few platelets where no leukocyte is."""
    cells = []
    for _one in range(int(canvas.dice.integers(3, 7))):
        size = float(LOOKS["platelet"].radius * canvas.dice.uniform(0.55, 0.85))
        x, y = canvas.dice.uniform(size, canvas.width - size), canvas.dice.uniform(size, canvas.height - 30)
        if all(np.hypot(x - px, y - py) > other + size + 8 for px, py, other in places):
            cells.append(draw_cell(canvas, "platelet", float(x), float(y), size))
    return cells


def _debris(canvas: Canvas) -> None:
    """Stain precipitate: a few dark specks."""
    for _speck in range(int(canvas.dice.integers(4, 10))):
        x, y = canvas.dice.uniform(0, canvas.width), canvas.dice.uniform(0, canvas.height)
        piece = canvas.around(x, y, 6)
        piece.stain(piece.blob(x, y, canvas.dice.uniform(1, 2.4), wobble=0.3), (120, 84, 130), 0.8)


def _developed(canvas: Canvas) -> Image:
    """Add uneven light, the lens and the sensor."""
    across, down = np.linspace(-1, 1, canvas.width), np.linspace(-1, 1, canvas.height)
    vignette = 1 - 0.05 * (across[None, :] ** 2 + down[:, None] ** 2)
    seen = ndimage.gaussian_filter(canvas.light * vignette[..., None], (0.8, 0.8, 0))
    seen = seen + canvas.dice.normal(0, 0.008, seen.shape)
    return np.asarray(np.clip(seen, 0, 1) * 255, np.uint8)


def _marked(image: Image) -> Image:
    """Return the picture with what it is in its corner."""
    picture = PillowImage.fromarray(image)
    draw = ImageDraw.Draw(picture)
    draw.text((8, picture.height - 20), "SYNTHETIC", fill=(120, 96, 84), font=ImageFont.load_default(13))
    return np.array(picture, dtype=np.uint8)
