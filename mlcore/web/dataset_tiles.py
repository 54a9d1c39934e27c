"""Small pictures of a data set's cells for contact sheets."""

from __future__ import annotations

import io
import threading
from functools import lru_cache
from pathlib import Path
from typing import Final

from PIL import Image, ImageOps

from mlcore.engine.contracts import Box

SIDE: Final = 144
# How much around a cell is shown, over the longer side of its box.
CONTEXT: Final = 1.4
# A decoded 24-megapixel field takes some 100 MB, so a process decodes one at a time.
_one_decode = threading.Lock()


def tile(path: Path, box: Box | None) -> bytes:
    """Return a cell with what is around it, or the whole picture, as a JPEG of at most 144 x 144.

    Raises:
        OSError: the file is missing or damaged.
    """
    with _one_decode:
        return _tile(path, box)


@lru_cache(maxsize=1024)
def _tile(path: Path, box: Box | None) -> bytes:
    with Image.open(path) as picture:
        if box is not None:
            half = max(box.width, box.height) * CONTEXT / 2
            x, y = (box.x0 + box.x1) / 2, (box.y0 + box.y1) / 2
            shown = picture.crop((round(x - half), round(y - half), round(x + half), round(y + half)))
        else:
            picture.draft("RGB", (SIDE, SIDE))
            shown = picture.convert("RGB")
        small = ImageOps.contain(shown.convert("RGB"), (SIDE, SIDE))
    buffer = io.BytesIO()
    small.save(buffer, "JPEG", quality=85)
    return buffer.getvalue()
