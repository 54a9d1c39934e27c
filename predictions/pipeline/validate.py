"""Is this an image the portal can read? Decided by content alone, before and after decoding all of it."""

from __future__ import annotations

import io
import struct
import warnings
import zlib
from http import HTTPStatus
from typing import Final

from django.conf import settings
from django.utils.translation import gettext as _
from PIL import Image

from predictions.errors import UploadRefused
from predictions.refusals import (
    check_size,
    damaged,
    deep_colour,
    no_colour,
    print_colours,
    too_large,
    too_many_pixels,
)

FORMATS: Final = ("JPEG", "PNG", "TIFF")
BEGINS: Final = (b"\xff\xd8\xff", b"\x89PNG\r\n\x1a\n", b"II*\0", b"MM\0*")
PNG_DEPTH_AT: Final = 24

# What people send by mistake, so that the refusal can name it: how the file begins, and its kind.
OTHER_KINDS: Final[tuple[tuple[bytes, str], ...]] = (
    (b"%PDF", "PDF"),
    (b"GIF8", "GIF"),
    (b"II+\0", "BigTIFF"),
    (b"MM\0+", "BigTIFF"),
    (b"BM", "BMP"),
    (b"PK\x03\x04", "ZIP"),
    (b"RIFF", "WebP"),
    (b"<svg", "SVG"),
    (b"<?xml", "SVG"),
    (b"<!doctype html", "HTML"),
    (b"<html", "HTML"),
)

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


def validate(content: bytes) -> Image.Image:
    """Decode ``content`` completely and return the picture as Pillow read it.

    The caller sees to it that ``content`` passed :func:`check_bytes` and holds no metadata (``bare``), and
    that only one image is decoded at a time in a process: 24 megapixels take some 200 MB.

    Raises:
        UploadRefused: with the code, the status and a sentence that says what would work.
    """
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("error", Image.DecompressionBombWarning)
            picture = Image.open(io.BytesIO(content), formats=FORMATS)
            check_size(*picture.size)
            _check_colours(picture, content)
            picture.load()
    except (Image.DecompressionBombWarning, Image.DecompressionBombError):
        raise too_many_pixels() from None
    except DAMAGE:
        raise damaged() from None
    return picture


def check_bytes(content: bytes) -> None:
    """Judge a file by how large it is and how it begins, before anything of it is read.

    Raises:
        UploadRefused: it is empty, too large, or no JPEG, PNG or TIFF.
    """
    if not content:
        raise UploadRefused("empty", _("The file is empty. Export or copy it again, then upload that."))
    if len(content) > settings.UPLOAD_MAX_BYTES:
        raise too_large()
    if content.startswith(BEGINS):
        return
    start = content[:64].lstrip(b"\xef\xbb\xbf \t\r\n").lower()
    kind = next((kind for magic, kind in OTHER_KINDS if start.startswith(magic.lower())), "")
    told = _("This is a %(kind)s file.") % {"kind": kind} if kind else _("This is no image the portal knows.")
    raise UploadRefused(
        "unsupported_type",
        told + " " + _("Upload JPEG, PNG or TIFF."),
        HTTPStatus.UNSUPPORTED_MEDIA_TYPE,
    )


def _check_colours(picture: Image.Image, content: bytes) -> None:
    """Refuse what cannot be shown to the model without guessing at its colours."""
    if picture.format == "PNG" and getattr(picture, "is_animated", False):
        raise UploadRefused("animated", _("This is an animation. Upload a single picture."))
    if picture.format == "PNG" and content[PNG_DEPTH_AT] > 8:
        raise deep_colour()
    if picture.mode in {"CMYK", "YCCK", "LAB"}:
        raise print_colours()
    if picture.mode in {"1", "L", "LA", "I", "F"}:
        raise no_colour()
