"""What is done with a file, from its bytes to the picture that is stored of it."""

from __future__ import annotations

from predictions.decoding.bare import bare
from predictions.decoding.clean import Picture, clean
from predictions.decoding.validate import validate


def decode(content: bytes, *, max_pixels: int) -> Picture:
    """Return the picture of a JPEG, PNG or TIFF file and nothing else, encoded anew.

    Raises:
        Refused: it is damaged, has more than ``max_pixels``, or is of a kind that is not taken.
    """
    plain = bare(content, max_pixels=max_pixels)
    return clean(validate(plain.content, max_pixels=max_pixels), orientation=plain.orientation)
