"""Re-encode an image, so that nothing but its pixels remains.

EXIF (place, device, names), comments, colour profiles, text chunks, further pictures and anything that
hangs behind the image are gone afterwards. The picture is turned upright first.
"""

from __future__ import annotations

import io
from dataclasses import dataclass
from typing import Final

from PIL import Image

JPEG: Final = "image/jpeg"
PNG: Final = "image/png"

# What brings a picture of each EXIF orientation upright.
UPRIGHT: Final = {
    2: Image.Transpose.FLIP_LEFT_RIGHT,
    3: Image.Transpose.ROTATE_180,
    4: Image.Transpose.FLIP_TOP_BOTTOM,
    5: Image.Transpose.TRANSPOSE,
    6: Image.Transpose.ROTATE_270,
    7: Image.Transpose.TRANSVERSE,
    8: Image.Transpose.ROTATE_90,
}


@dataclass(frozen=True, slots=True)
class Picture:
    """A file as it is stored, and what it is: ``width`` and ``height`` in pixels, upright."""

    content: bytes
    media_type: str
    width: int
    height: int


def clean(picture: Image.Image, *, orientation: int = 1) -> Picture:
    """Return ``picture`` as it is to be stored.

    A JPEG that needs no turning keeps its own quantisation, so that decoding it again gives almost the
    same pixels; one that was turned is written at quality 95 without colour subsampling. PNG stays PNG, and
    TIFF becomes PNG, which keeps each pixel.
    """
    media_type = JPEG if picture.format == "JPEG" else PNG
    untouched = picture.format == "JPEG"
    turn = UPRIGHT.get(orientation)
    if turn is not None:
        picture = picture.transpose(turn)
        untouched = False
    if picture.mode != "RGB":
        picture = _flatten(picture)
    # Pillow would write comments and colour profiles again from here.
    picture.info = {}
    buffer = io.BytesIO()
    if media_type == PNG:
        picture.save(buffer, "PNG", compress_level=4)
    elif untouched:
        picture.save(buffer, "JPEG", quality="keep")
    else:
        picture.save(buffer, "JPEG", quality=95, subsampling=0)
    return Picture(buffer.getvalue(), media_type, picture.width, picture.height)


def _flatten(picture: Image.Image) -> Image.Image:
    """Bring palettes to RGB and put transparent parts on white, as viewers show them."""
    if picture.mode not in {"RGBA", "PA"} and "transparency" not in picture.info:
        return picture.convert("RGB")
    layer = picture if picture.mode == "RGBA" else picture.convert("RGBA")
    white = Image.new("RGB", layer.size, "white")
    white.paste(layer, mask=layer)
    return white
