"""Why a file is not taken, where more than one step can find that out."""

from __future__ import annotations

from http import HTTPStatus
from typing import Final

from django.conf import settings
from django.utils.translation import gettext as _

from predictions.errors import UploadRefused

SMALLEST_SIDE: Final = 32
LONGEST_SIDE: Final = 20_000


def damaged() -> UploadRefused:
    """Return the refusal of a file that cannot be decoded."""
    told = _("The image is damaged or cut off. Export or copy it again, then upload that.")
    return UploadRefused("damaged", told)


def too_many_parts() -> UploadRefused:
    """Return the refusal of a file that a decoder would be busy with for minutes."""
    return UploadRefused(
        "too_many_parts",
        _(
            "The image is put together of more parts than cameras and microscopes write. "
            "Open it, save it again as JPEG or PNG, then upload that."
        ),
    )


def too_large() -> UploadRefused:
    """Return the refusal of a file with more than ``settings.UPLOAD_MAX_BYTES``."""
    return UploadRefused(
        "too_large",
        _("The file is larger than %(limit)d MB. Save it as JPEG or crop it, then upload that.")
        % {"limit": settings.UPLOAD_MAX_BYTES // 1024 // 1024},
        HTTPStatus.REQUEST_ENTITY_TOO_LARGE,
    )


def too_many_pixels() -> UploadRefused:
    """Return the refusal of a picture that would fill the memory."""
    return UploadRefused(
        "too_many_pixels",
        _(
            "The image has more than %(limit)d megapixels or a side longer than %(side)d pixels. "
            "Crop it or save it smaller, then upload that."
        )
        % {"limit": settings.UPLOAD_MAX_PIXELS // 1_000_000, "side": LONGEST_SIDE},
        HTTPStatus.REQUEST_ENTITY_TOO_LARGE,
    )


def deep_colour() -> UploadRefused:
    """Return the refusal of a picture with more than a byte per colour."""
    told = _("The image has more than 8 bits per colour. Export it with 8 bits, then upload that.")
    return UploadRefused("deep_colour", told)


def print_colours() -> UploadRefused:
    """Return the refusal of a picture in colours for printing."""
    told = _("The image has print colours (CMYK). Export it as RGB, then upload that.")
    return UploadRefused("print_colours", told)


def no_colour() -> UploadRefused:
    """Return the refusal of a grey picture."""
    told = _("The image is black and white. The model reads the colours of the stain.")
    return UploadRefused("no_colour", told)


def check_size(width: int, height: int) -> None:
    """Judge a picture by the sides that its header tells, before memory is taken for it.

    Raises:
        UploadRefused: it has more than ``settings.UPLOAD_MAX_PIXELS``, or a side is too long or too short.
    """
    if width * height > settings.UPLOAD_MAX_PIXELS or max(width, height) > LONGEST_SIDE:
        raise too_many_pixels()
    if min(width, height) < SMALLEST_SIDE:
        raise UploadRefused(
            "too_small",
            _("The image has %(width)d x %(height)d pixels; at least %(least)d on each side are needed.")
            % {"width": width, "height": height, "least": SMALLEST_SIDE},
        )
