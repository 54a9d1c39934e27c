"""Is this an image the portal can read? Decided by content alone, while decoding all of it."""

from __future__ import annotations

import io
import struct
import warnings
import zlib
from typing import Final

from PIL import Image

from predictions.decoding.refused import Refused, check_size, damaged, too_many_pixels

FORMATS: Final = ("JPEG", "PNG", "TIFF")
PNG_DEPTH_AT: Final = 24

# Everything Pillow's three readers raise for damaged files; the hostile-file tests keep this list complete.
DAMAGE: Final = (
    OSError,
    SyntaxError,
    ValueError,
    EOFError,
    IndexError,
    KeyError,
    TypeError,
    struct.error,
    zlib.error,
)


def validate(content: bytes, *, max_pixels: int) -> Image.Image:
    """Decode ``content`` completely and return the picture as Pillow read it.

    The caller sees to it that ``content`` holds no metadata (``bare``).

    Raises:
        Refused: it is damaged, has more than ``max_pixels``, or is of a kind that is not taken.
    """
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("error", Image.DecompressionBombWarning)
            picture = Image.open(io.BytesIO(content), formats=FORMATS)
            check_size(*picture.size, max_pixels)
            _check_colours(picture, content)
            picture.load()
    except (Image.DecompressionBombWarning, Image.DecompressionBombError):
        raise too_many_pixels(max_pixels) from None
    except DAMAGE:
        raise damaged() from None
    return picture


def _check_colours(picture: Image.Image, content: bytes) -> None:
    """Refuse what cannot be shown to the model without guessing at its colours."""
    if picture.format == "PNG" and getattr(picture, "is_animated", False):
        raise Refused("animated")
    if picture.format == "PNG" and content[PNG_DEPTH_AT] > 8:
        raise Refused("deep_colour")
    if picture.mode in {"CMYK", "YCCK", "LAB"}:
        raise Refused("print_colours")
    if picture.mode in {"1", "L", "LA", "I", "F"}:
        raise Refused("no_colour")
