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

FORMATS: Final = ("JPEG", "PNG")
SMALLEST_SIDE: Final = 32
LONGEST_SIDE: Final = 20_000
PNG_DEPTH_AT: Final = 24

# What people send by mistake, so that the refusal can name it: how the file begins, and its kind.
OTHER_KINDS: Final[tuple[tuple[bytes, str], ...]] = (
    (b"%PDF", "PDF"),
    (b"GIF8", "GIF"),
    (b"II*\0", "TIFF"),
    (b"MM\0*", "TIFF"),
    (b"BM", "BMP"),
    (b"PK\x03\x04", "ZIP"),
    (b"RIFF", "WebP"),
    (b"<svg", "SVG"),
    (b"<?xml", "SVG"),
    (b"<!doctype html", "HTML"),
    (b"<html", "HTML"),
)

# Everything Pillow's two readers raise for damaged files; the hostile-file tests keep this list complete.
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
            _check_size(*picture.size)
            _check_colours(picture, content)
            picture.load()
    except (Image.DecompressionBombWarning, Image.DecompressionBombError):
        raise _too_many_pixels() from None
    except DAMAGE:
        raise UploadRefused(
            "damaged", _("The image is damaged or cut off. Export or copy it again, then upload that.")
        ) from None
    return picture


def too_large() -> UploadRefused:
    """Return the refusal of a file with more than ``settings.UPLOAD_MAX_BYTES``."""
    return UploadRefused(
        "too_large",
        _("The file is larger than %(limit)d MB. Save it as JPEG or crop it, then upload that.")
        % {"limit": settings.UPLOAD_MAX_BYTES // 1024 // 1024},
        HTTPStatus.REQUEST_ENTITY_TOO_LARGE,
    )


def check_bytes(content: bytes) -> None:
    """Judge a file by how large it is and how it begins, before anything of it is read.

    Raises:
        UploadRefused: it is empty, too large, or neither JPEG nor PNG.
    """
    if not content:
        raise UploadRefused("empty", _("The file is empty. Export or copy it again, then upload that."))
    if len(content) > settings.UPLOAD_MAX_BYTES:
        raise too_large()
    if content.startswith((b"\xff\xd8\xff", b"\x89PNG\r\n\x1a\n")):
        return
    start = content[:64].lstrip(b"\xef\xbb\xbf \t\r\n").lower()
    kind = next((kind for magic, kind in OTHER_KINDS if start.startswith(magic.lower())), "")
    told = _("This is a %(kind)s file.") % {"kind": kind} if kind else _("This is no image the portal knows.")
    raise UploadRefused(
        "unsupported_type",
        told + " " + _("Upload JPEG or PNG."),
        HTTPStatus.UNSUPPORTED_MEDIA_TYPE,
    )


def _check_size(width: int, height: int) -> None:
    if width * height > settings.UPLOAD_MAX_PIXELS or max(width, height) > LONGEST_SIDE:
        raise _too_many_pixels()
    if min(width, height) < SMALLEST_SIDE:
        raise UploadRefused(
            "too_small",
            _("The image has %(width)d x %(height)d pixels; at least %(least)d on each side are needed.")
            % {"width": width, "height": height, "least": SMALLEST_SIDE},
        )


def _too_many_pixels() -> UploadRefused:
    return UploadRefused(
        "too_many_pixels",
        _(
            "The image has more than %(limit)d megapixels or a side longer than %(side)d pixels. "
            "Crop it or save it smaller, then upload that."
        )
        % {"limit": settings.UPLOAD_MAX_PIXELS // 1_000_000, "side": LONGEST_SIDE},
        HTTPStatus.REQUEST_ENTITY_TOO_LARGE,
    )


def _check_colours(picture: Image.Image, content: bytes) -> None:
    """Refuse what cannot be shown to the model without guessing at its colours."""
    if picture.format == "PNG" and getattr(picture, "is_animated", False):
        raise UploadRefused("animated", _("This is an animation. Upload a single picture."))
    if picture.format == "PNG" and content[PNG_DEPTH_AT] > 8:
        raise UploadRefused(
            "deep_colour", _("The image has 16 bits per colour. Export it with 8 bits, then upload that.")
        )
    if picture.mode in {"CMYK", "YCCK", "LAB"}:
        raise UploadRefused(
            "print_colours", _("The image has print colours (CMYK). Export it as RGB, then upload that.")
        )
    if picture.mode in {"1", "L", "LA", "I", "F"}:
        raise UploadRefused(
            "no_colour", _("The image is black and white. The model reads the colours of the stain.")
        )
