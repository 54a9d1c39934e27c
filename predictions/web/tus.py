"""The tus 1.0.0 protocol for uploads that resume: its headers, its refusals. See https://tus.io."""

from __future__ import annotations

import base64
import binascii
import hashlib
import re
from collections.abc import Callable
from datetime import timedelta
from functools import wraps
from http import HTTPStatus
from typing import Any, Final

from django.conf import settings
from django.http import Http404, HttpRequest, HttpResponse
from django.utils.http import http_date
from django.utils.translation import gettext as _

from hematovision.core.errors import PortalError
from predictions.errors import UploadRefused
from predictions.models import PartialUpload, Sample
from predictions.services import Announced
from predictions.services.partial import CHECKSUM_MISMATCH
from predictions.web.refusals import refusal, refused

VERSION: Final = "1.0.0"
EXTENSIONS: Final = "creation,termination,checksum,expiration"
# The protocol asks for SHA-1 at least; both only tell a piece that the line has altered.
CHECKSUMS: Final = ("sha256", "sha1")
PIECE_TYPE: Final = "application/offset+octet-stream"
SHA256: Final = re.compile(r"[0-9a-f]{64}")

View = Callable[..., HttpResponse]


def tus(view: View) -> View:
    """Let a view speak the protocol: its version in and out, refusals as ``{"code", "message"}``.

    Raises:
        Http404: the upload or the sample is not there for this person.
    """

    @wraps(view)
    def speaking(request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponse:
        if request.method != "OPTIONS" and request.headers.get("Tus-Resumable") != VERSION:
            unknown = refusal("version", _("This is not tus 1.0.0."), HTTPStatus.PRECONDITION_FAILED)
            unknown["Tus-Version"] = VERSION
            return unknown
        try:
            answer = view(request, *args, **kwargs)
        except (PartialUpload.DoesNotExist, Sample.DoesNotExist) as problem:
            raise Http404 from problem
        except PortalError as problem:
            answer = refused(problem)
        answer["Tus-Resumable"] = VERSION
        return answer

    return speaking


def described(upload: PartialUpload, answer: HttpResponse) -> HttpResponse:
    """Return ``answer`` with how far the upload is, and until when it waits."""
    answer["Upload-Offset"] = str(upload.received)
    answer["Upload-Length"] = str(upload.size)
    if upload.field_id is None:
        until = upload.updated_at + timedelta(hours=settings.PARTIAL_HOURS)
        answer["Upload-Expires"] = http_date(until.timestamp())
    return answer


def announced(request: HttpRequest) -> Announced:
    """Read what a creation says of the file: ``Upload-Length`` and the keys of ``Upload-Metadata``.

    Raises:
        UploadRefused: a header is missing or cannot be read; status 400.
    """
    told = _metadata(request.headers.get("Upload-Metadata", ""))
    sha256 = told.get("sha256", "").lower()
    if sha256 and not SHA256.fullmatch(sha256):
        raise _unreadable("Upload-Metadata")
    modified = told.get("modified")
    return Announced(
        name=told.get("filename", ""),
        size=number(request.headers.get("Upload-Length"), "Upload-Length"),
        single="single" in told,
        modified=None if modified is None else number(modified, "Upload-Metadata"),
        sha256=sha256,
        again="again" in told,
    )


def piece(request: HttpRequest) -> tuple[int, bytes]:
    """Read the offset and the bytes of a piece. Of one that broke off, as much as came is the piece.

    Raises:
        UploadRefused: it is too large, of the wrong type, not readable, or not what its checksum says.
    """
    if request.content_type != PIECE_TYPE:
        text = _("A piece is sent as %(type)s.") % {"type": PIECE_TYPE}
        raise UploadRefused("piece_type", text, HTTPStatus.UNSUPPORTED_MEDIA_TYPE)
    if int(request.headers.get("Content-Length") or 0) > settings.UPLOAD_PIECE_MAX_BYTES:
        most = settings.UPLOAD_PIECE_MAX_BYTES // 1024 // 1024
        text = _("A piece may have %(most)d MB.") % {"most": most}
        raise UploadRefused("piece_too_large", text, HTTPStatus.REQUEST_ENTITY_TOO_LARGE)
    offset = number(request.headers.get("Upload-Offset"), "Upload-Offset")
    content = request.body
    _check(request.headers.get("Upload-Checksum", ""), content)
    return offset, content


def number(text: str | None, header: str) -> int:
    """Return a count of at most 15 digits; raises ``UploadRefused``, status 400, for anything else."""
    if text is None or not re.fullmatch(r"[0-9]{1,15}", text):
        raise _unreadable(header)
    return int(text)


def _metadata(header: str) -> dict[str, str]:
    found = {}
    for pair in filter(None, (part.strip() for part in header.split(","))):
        key, _space, value = pair.partition(" ")
        try:
            found[key] = base64.b64decode(value, validate=True).decode()
        except (binascii.Error, UnicodeDecodeError) as problem:
            raise _unreadable("Upload-Metadata") from problem
    return found


def _check(header: str, content: bytes) -> None:
    if not header:
        return
    algorithm, _space, value = header.partition(" ")
    if algorithm not in CHECKSUMS:
        raise _unreadable("Upload-Checksum")
    digest = hashlib.new(algorithm, content, usedforsecurity=False).digest()
    if base64.b64encode(digest).decode() != value:
        raise UploadRefused("piece_altered", _("The piece was altered on its way."), CHECKSUM_MISMATCH)


def _unreadable(header: str) -> UploadRefused:
    text = _("The header %(header)s is missing or cannot be read.") % {"header": header}
    return UploadRefused("bad_header", text, HTTPStatus.BAD_REQUEST)
