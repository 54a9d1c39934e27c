"""Pictures of blood that hold no leukocyte anybody could name: what a model has to refuse.

Red cells and platelets are cut from annotated fields, and fields with a leukocyte are made unreadable.
Everything else that may be uploaded by mistake is in ``impostors``.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from PIL import Image as PillowImage
from PIL import ImageFilter

from mlcore.engine.contracts import Box, Image
from mlcore.engine.errors import DataError
from mlcore.engine.images import read_image
from mlcore.engine.manifest import pictures, voc_boxes, yolo_boxes
from mlcore.engine.stain import BLACK, background_colour, brightest


@dataclass(frozen=True, slots=True)
class Field:
    """An annotated field: its set, its picture and the boxes that its authors drew of each kind of cell."""

    source: str
    path: Path
    leukocytes: tuple[Box, ...]
    red_cells: tuple[Box, ...]
    platelets: tuple[Box, ...]


def fields(root: Path) -> list[Field]:
    """Return the annotated fields below ``root``: the TXL-PBC val pictures, then the BCCD fields.

    The first are never trained on. Of the second, only leukocytes are ever cut out for training.
    """
    found = []
    txl = root / "txl-pbc"
    for path in pictures(txl / "images" / "val") if (txl / "images" / "val").is_dir() else []:
        with PillowImage.open(path) as picture:
            width, height = picture.size
        drawn = txl / "labels" / "val" / f"{path.stem}.txt"
        kinds = [yolo_boxes(drawn, width, height, number) for number in range(3)]
        found.append(Field("txl-val", path, *kinds))
    bccd = root / "bccd"
    for path in pictures(bccd / "images") if (bccd / "images").is_dir() else []:
        drawn = bccd / "annotations" / f"{path.stem}.xml"
        kinds = [voc_boxes(drawn, name) for name in ("WBC", "RBC", "Platelets")]
        found.append(Field("bccd", path, *kinds))
    if not found:
        raise DataError(f"{root} holds no annotated fields: txl-pbc or bccd, see docs/data.md.")
    return found


def red_cells(root: Path, count: int, seed: int = 0) -> Iterator[tuple[str, Image]]:
    """Yield squares around red cells that no leukocyte and no platelet reaches into, one for each field."""
    random = np.random.default_rng(seed)
    for field in fields(root):
        image = read_image(field.path)
        others = (*field.leukocytes, *field.platelets)
        squares = [_square(box, image, random.uniform(1.3, 3.0)) for box in field.red_cells]
        free = [square for square in squares if not any(_overlap(square, other) for other in others)]
        if free and count > 0:
            count -= 1
            yield field.source, _cut(image, free[int(random.integers(len(free)))])


def platelets(root: Path, count: int, seed: int = 0) -> Iterator[tuple[str, Image]]:
    """Yield squares around platelets that no leukocyte reaches into, at most two from each field."""
    random = np.random.default_rng(seed)
    for field in fields(root):
        image = read_image(field.path)
        squares = [_square(box, image, random.uniform(2.0, 4.0)) for box in field.platelets]
        free = [square for square in squares if not any(_overlap(square, box) for box in field.leukocytes)]
        for square in free[: min(2, count)]:
            count -= 1
            yield field.source, _cut(image, square)


def degraded(root: Path, kind: str, count: int, seed: int = 0) -> Iterator[tuple[str, Image]]:
    """Yield fields with a leukocyte, made unreadable: ``kind`` is blurred, underexposed or overexposed.

    Blur has a standard deviation of 8 to 15 % of the cell's width; light is multiplied by 0.12 to 0.3,
    or until everything but nuclei has burnt out: the glass reaches 1.6 to 2.4 times white.
    """
    random = np.random.default_rng(seed)
    for field in [field for field in fields(root) if field.leukocytes][:count]:
        image = read_image(field.path)
        width = max(max(box.width, box.height) for box in field.leukocytes)
        if kind == "blurred":
            yield field.source, _blurred(image, random.uniform(0.08, 0.15) * width)
            continue
        gain = random.uniform(0.12, 0.3)
        if kind == "overexposed":
            gain = random.uniform(1.6, 2.4) * 255 / float(background_colour(image).min())
        yield field.source, np.clip(image * gain, 0, 255).astype(np.uint8)


def _blurred(image: Image, deviation: float) -> Image:
    """A black border comes from turning the picture afterwards, so it stays as sharp as it was."""
    border = brightest(image) <= BLACK
    filled = np.where(border[..., None], background_colour(image).astype(np.uint8), image)
    soft = np.asarray(PillowImage.fromarray(filled).filter(ImageFilter.GaussianBlur(deviation)))
    return np.where(border[..., None], np.uint8(0), soft)


def _square(box: Box, image: Image, context: float) -> Box:
    half = context * max(box.width, box.height) / 2
    x, y = (box.x0 + box.x1) / 2, (box.y0 + box.y1) / 2
    height, width = image.shape[:2]
    left, top = max(0, round(x - half)), max(0, round(y - half))
    return Box(left, top, min(width, round(x + half)), min(height, round(y + half)))


def _overlap(a: Box, b: Box) -> bool:
    return a.x0 < b.x1 and b.x0 < a.x1 and a.y0 < b.y1 and b.y0 < a.y1


def _cut(image: Image, box: Box) -> Image:
    return np.ascontiguousarray(image[box.y0 : box.y1, box.x0 : box.x1])
