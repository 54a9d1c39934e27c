"""Why a file is not taken, in words: the sentence and the status of each code."""

from __future__ import annotations

from http import HTTPStatus
from typing import Final

from django.conf import settings
from django.utils.functional import Promise
from django.utils.translation import gettext_lazy as _

from predictions.errors import UploadRefused

# What the decoder (``predictions.decoding``) finds, and what becomes of it. The numbers are its own.
SENTENCES: Final[dict[str, str | Promise]] = {
    "damaged": _("The image is damaged or cut off. Export or copy it again, then upload that."),
    "too_many_parts": _(
        "The image is put together of more parts than cameras and microscopes write. "
        "Open it, save it again as JPEG or PNG, then upload that."
    ),
    "too_many_pixels": _(
        "The image has more than %(limit)d megapixels or a side longer than %(side)d pixels. "
        "Crop it or save it smaller, then upload that."
    ),
    "too_small": _(
        "The image has %(width)d x %(height)d pixels; at least %(least)d on each side are needed."
    ),
    "animated": _("This is an animation. Upload a single picture."),
    "many_pages": _(
        "The file holds more than one picture. Save the one of the smear alone, then upload that."
    ),
    "deep_colour": _("The image has more than 8 bits per colour. Export it with 8 bits, then upload that."),
    "print_colours": _("The image has print colours (CMYK). Export it as RGB, then upload that."),
    "no_colour": _("The image is black and white. The model reads the colours of the stain."),
    "unsupported_coding": _(
        "The TIFF file is coded in a way that the portal does not read. Save it as RGB with 8 bits per "
        "colour, without compression or with LZW or ZIP, then upload that."
    ),
    "unfolds": _(
        "The TIFF file unfolds to more than the picture that it says it holds. "
        "Open it, save it again as JPEG or PNG, then upload that."
    ),
    "took_too_long": _(
        "Reading the image took longer than %(seconds)d seconds and was stopped. Nothing was stored. "
        "Open it, save it again as JPEG or PNG, then upload that."
    ),
    "took_too_much_memory": _(
        "Reading the image took more memory than one image may take, and was stopped. Nothing was stored. "
        "Open it, crop it or save it again as JPEG or PNG, then upload that."
    ),
}
STATUS: Final = {"too_many_pixels": HTTPStatus.REQUEST_ENTITY_TOO_LARGE}


def refused(code: str, **numbers: int) -> UploadRefused:
    """Return the refusal of a file for which the decoder found this word and these numbers."""
    status = STATUS.get(code, HTTPStatus.UNPROCESSABLE_ENTITY)
    return UploadRefused(code, str(SENTENCES[code]) % numbers, status)


def too_large() -> UploadRefused:
    """Return the refusal of a file with more than ``settings.UPLOAD_MAX_BYTES``."""
    told = _("The file is larger than %(limit)d MB. Save it as JPEG or crop it, then upload that.")
    return UploadRefused(
        "too_large",
        told % {"limit": settings.UPLOAD_MAX_BYTES // 1024 // 1024},
        HTTPStatus.REQUEST_ENTITY_TOO_LARGE,
    )
