"""Does a file begin like an image the portal reads? Decided before anything of it is decoded."""

from __future__ import annotations

from http import HTTPStatus
from typing import Final

from django.conf import settings
from django.utils.translation import gettext as _

from predictions.errors import UploadRefused
from predictions.refusals import too_large

BEGINS: Final = (b"\xff\xd8\xff", b"\x89PNG\r\n\x1a\n", b"II*\0", b"MM\0*")

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


def check(content: bytes) -> None:
    """Judge a file by how large it is and how it begins.

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
