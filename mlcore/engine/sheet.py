"""The worst mistakes on one sheet, to be looked at: are they the model's or the label's?

The sheet shows real cells, so whoever calls this writes it outside the repository.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from pathlib import Path

from PIL import Image as PillowImage
from PIL import ImageDraw, ImageFont, ImageOps

from mlcore.engine.errors import DataError
from mlcore.engine.images import read_image
from mlcore.engine.outcomes import Outcome

COLUMNS = 6
TILE, GAP, LINE = 200, 10, 16
# How much around the cell is shown, over the longer side of its box: a mistake may lie in the surroundings.
CONTEXT = 1.6
PAPER, INK, FAINT = "white", "black", "dimgray"


def worst(outcomes: Sequence[Outcome], count: int) -> list[Outcome]:
    """Return the ``count`` mistakes that were made most confidently, at most one for each original."""
    kept: dict[int, Outcome] = {}
    for outcome in sorted(outcomes, key=lambda one: (-one.confidence, one.path)):
        if outcome.label != outcome.truth:
            kept.setdefault(outcome.group, outcome)
    return list(kept.values())[:count]


def worst_mistakes(base: Path, outcomes: Sequence[Outcome], out_png: Path, count: int = 30) -> list[Outcome]:
    """Draw the most confident mistakes into ``out_png`` and return them in reading order.

    ``base`` is the folder that the outcomes' paths start from. Each tile shows the cell, or the whole
    picture where none was found; below it class, answer, confidence and the file's name. Raises
    ``DataError`` if nothing was wrong.
    """
    chosen = worst(outcomes, count)
    if not chosen:
        raise DataError("There is no mistake to show.")
    rows = -(-len(chosen) // COLUMNS)
    height = TILE + 4 * LINE + GAP
    sheet = PillowImage.new("RGB", (COLUMNS * (TILE + GAP) + GAP, rows * height + GAP), PAPER)
    pen, font = ImageDraw.Draw(sheet), ImageFont.load_default(13)
    for number, outcome in enumerate(chosen):
        x, y = GAP + (number % COLUMNS) * (TILE + GAP), GAP + (number // COLUMNS) * height
        sheet.paste(_tile(base / outcome.path, outcome), (x, y))
        for index, (text, colour) in enumerate(_caption(outcome)):
            pen.text((x, y + TILE + 2 + index * LINE), _fitted(text, font), fill=colour, font=font)
    sheet.save(out_png)
    return chosen


def _tile(path: Path, outcome: Outcome) -> PillowImage.Image:
    picture = PillowImage.fromarray(read_image(path))
    if outcome.box is not None:
        box = outcome.box
        x, y = (box.x0 + box.x1) / 2, (box.y0 + box.y1) / 2
        half = max(box.width, box.height) * CONTEXT / 2
        corner = (round(x - half), round(y - half))
        square = PillowImage.new("RGB", (max(1, round(2 * half)),) * 2, PAPER)
        square.paste(picture, (-corner[0], -corner[1]))
        picture = square
    return ImageOps.pad(picture, (TILE, TILE), color=PAPER)


def _caption(outcome: Outcome) -> Iterator[tuple[str, str]]:
    """Yield the lines below a tile with their colours."""
    truth, answer = (name.replace("_", " ") for name in (outcome.truth, outcome.label))
    yield f"labelled {truth}", INK
    yield f"read as {answer}", INK
    yield f"{outcome.confidence:.1%}{', abstained' if outcome.abstained else ''}", INK
    yield outcome.path, FAINT


def _fitted(text: str, font: ImageFont.FreeTypeFont | ImageFont.ImageFont) -> str:
    """Return the text, or its end if it is wider than a tile: a path's end tells more than its start."""
    while font.getlength(text) > TILE:
        text = "…" + text.lstrip("…")[1:]
    return text
