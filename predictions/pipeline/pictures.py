"""Small pictures cut from stored images: thumbnails of fields and crops of cells."""

from __future__ import annotations

import io
import threading
from collections.abc import Sequence
from functools import lru_cache
from pathlib import Path
from typing import Final

import numpy as np
from PIL import Image

from mlcore.engine.explain import GLOW, STRONGEST, spread

Box = tuple[int, int, int, int]

THUMBNAIL: Final = (192, 144)
CROP_SIDE: Final = 192
MARGIN: Final = 0.15
MAP_SIDE: Final = 160
# A decoded 24-megapixel image takes some 100 MB, so a process decodes one at a time.
_one_decode = threading.Lock()


def thumbnail(path: Path) -> bytes:
    """Return the whole field as a small JPEG.

    Raises:
        OSError: the file is missing or damaged.
    """
    with _one_decode:
        return _thumbnail(path)


def crop(path: Path, boxes: tuple[Box, ...], index: int) -> bytes:
    """Return one cell with a margin as a small JPEG; the field is decoded once for all its ``boxes``.

    Raises:
        OSError: the file is missing or damaged.
    """
    with _one_decode:
        return _crops(path, boxes)[index]


@lru_cache(maxsize=512)
def _thumbnail(path: Path) -> bytes:
    with Image.open(path) as picture:
        # A JPEG is decoded at an eighth of its size where that is still enough.
        picture.draft("RGB", THUMBNAIL)
        picture.thumbnail(THUMBNAIL)
        return _jpeg(picture)


@lru_cache(maxsize=64)
def _crops(path: Path, boxes: tuple[Box, ...]) -> tuple[bytes, ...]:
    with Image.open(path) as picture:
        picture.load()
        return tuple(_crop(picture, box) for box in boxes)


def activation(places: Sequence[Sequence[float]]) -> bytes:
    """Return a coarse map as a PNG to be laid over what the network saw: it glows where the map is high."""
    strength = spread(np.asarray(places, dtype=np.float32), size=MAP_SIDE) * STRONGEST
    layer = np.empty((MAP_SIDE, MAP_SIDE, 4), dtype=np.uint8)
    layer[..., :3] = GLOW
    layer[..., 3] = np.rint(255 * strength)
    buffer = io.BytesIO()
    Image.fromarray(layer).save(buffer, "PNG")
    return buffer.getvalue()


def _crop(picture: Image.Image, box: Box) -> bytes:
    """Cut a square around ``box``; where it would leave the image it is moved inside."""
    x0, y0, x1, y1 = box
    side = round(max(x1 - x0, y1 - y0) * (1 + 2 * MARGIN))
    width, height = min(side, picture.width), min(side, picture.height)
    left = min(max(0, (x0 + x1 - width) // 2), picture.width - width)
    top = min(max(0, (y0 + y1 - height) // 2), picture.height - height)
    piece = picture.crop((left, top, left + width, top + height))
    scale = CROP_SIDE / max(width, height)
    size = (max(1, round(width * scale)), max(1, round(height * scale)))
    return _jpeg(piece.resize(size, Image.Resampling.LANCZOS))


def _jpeg(picture: Image.Image) -> bytes:
    buffer = io.BytesIO()
    picture.convert("RGB").save(buffer, "JPEG", quality=88)
    return buffer.getvalue()
