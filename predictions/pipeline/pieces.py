"""The files that pieces are put together in: each grows at its end, and only as far as its row says."""

from __future__ import annotations

import logging
import os
from contextlib import suppress
from pathlib import Path

from django.conf import settings
from django.utils.translation import gettext as _

from mlcore.engine.durable import flush_folder
from predictions.errors import PartialGone, StorageFull
from predictions.models import PartialUpload

logger = logging.getLogger(__name__)


def append(upload: PartialUpload, content: bytes) -> None:
    """Add a piece to the file of a locked row and return once the disk has it.

    Bytes beyond ``upload.received`` are of a piece whose row was never committed; they are cut off first.

    Raises:
        PartialGone: earlier bytes are missing, so that the file has to be sent anew.
        StorageFull: the disk is full or the folder not writable; the earlier pieces are kept.
    """
    try:
        _write(upload, content)
    except OSError as problem:
        with suppress(OSError):
            os.truncate(upload.path, upload.received)
        raise no_room(problem) from problem


def _write(upload: PartialUpload, content: bytes) -> None:
    if not upload.path.parent.exists():
        upload.path.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
        flush_folder(upload.path.parent.parent)
    handle = os.open(upload.path, os.O_RDWR | os.O_CREAT, 0o600)
    with os.fdopen(handle, "r+b") as file:
        if os.fstat(file.fileno()).st_size < upload.received:
            raise lost()
        file.truncate(upload.received)
        file.seek(upload.received)
        file.write(content)
        file.flush()
        os.fsync(file.fileno())
    if upload.received == 0:
        flush_folder(upload.path.parent)


def lost() -> PartialGone:
    """Return the refusal of an upload whose earlier bytes are not there."""
    return PartialGone(_("What was sent of this image is not there any more. Send it again."))


def no_room(problem: Exception) -> StorageFull:
    """Return the refusal of what finds no room, for now: the pieces that came are kept."""
    logger.error("An upload in pieces finds no room: %s", problem)
    text = _("The portal has no room for more. What was sent is kept; tell your admin, then continue.")
    return StorageFull(text)


def forget(upload: PartialUpload) -> None:
    """Remove the file of an upload that is over."""
    upload.path.unlink(missing_ok=True)


def stray(before: float) -> list[Path]:
    """Return the files that nobody has written to since ``before``, in seconds since 1970."""
    files = Path(settings.PARTIAL_ROOT).glob("*")
    return [file for file in files if file.stat().st_mtime < before]
