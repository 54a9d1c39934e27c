"""The image folder: a file is named by the SHA-256 of its bytes, so no upload overwrites another.

A file is written beside its place, flushed to the disk and renamed; its row follows. Whoever is between file
and row holds the folder's lock shared; whoever removes files without a row holds it alone.
"""

from __future__ import annotations

import fcntl
import logging
import os
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

from django.conf import settings
from django.db import DatabaseError
from django.utils.translation import gettext as _

from mlcore.engine.durable import flush_folder
from predictions.errors import StorageFull
from predictions.models import StoredImage
from predictions.types import Cleaned

logger = logging.getLogger(__name__)


@contextmanager
def folder_held(*, alone: bool = False) -> Iterator[None]:
    """Hold the image folder, with others or alone, until the block ends.

    Raises:
        StorageFull: the folder is missing and cannot be made, or not writable.
    """
    try:
        Path(settings.IMAGE_ROOT).mkdir(parents=True, exist_ok=True, mode=0o700)
        handle = os.open(Path(settings.IMAGE_ROOT) / ".lock", os.O_RDWR | os.O_CREAT, 0o600)
    except OSError as problem:
        raise _full(problem) from problem
    try:
        fcntl.flock(handle, fcntl.LOCK_EX if alone else fcntl.LOCK_SH)
        yield
    finally:
        os.close(handle)


@contextmanager
def kept(cleaned: Cleaned) -> Iterator[StoredImage]:
    """Put the file in its place, and give its row, not yet saved, to the block that saves it.

    When the block fails the file goes again, unless a row of another upload names it.

    Raises:
        StorageFull: the disk is full or the folder not writable; nothing was kept.
    """
    image = StoredImage(
        sha256=cleaned.sha256,
        media_type=cleaned.media_type,
        width=cleaned.width,
        height=cleaned.height,
        bytes=len(cleaned.content),
    )
    try:
        with folder_held():
            _place(image, cleaned.content)
            yield image
    except Exception:
        # Without a database nobody can say whether a row names the file: it stays, and check_images finds it.
        with suppress(DatabaseError):
            discard(image)
        raise


def discard(image: StoredImage) -> bool:
    """Remove the file unless a row names it; return whether it went."""
    with folder_held(alone=True):
        unused = not StoredImage.objects.filter(pk=image.pk, removed_at=None).exists()
        if unused:
            image.path.unlink(missing_ok=True)
        return unused


def _place(image: StoredImage, content: bytes) -> None:
    if image.path.exists():
        return
    try:
        _write_file(image.path, content)
    except OSError as problem:
        raise _full(problem) from problem


def _write_file(target: Path, content: bytes) -> None:
    if not target.parent.exists():
        target.parent.mkdir(exist_ok=True, mode=0o700)
        flush_folder(target.parent.parent)
    handle, name = tempfile.mkstemp(prefix=".new-", dir=target.parent)
    try:
        with os.fdopen(handle, "wb") as file:
            file.write(content)
            file.flush()
            os.fsync(file.fileno())
        Path(name).replace(target)
    except OSError:
        Path(name).unlink(missing_ok=True)
        raise
    flush_folder(target.parent)


def _full(problem: OSError) -> StorageFull:
    logger.error("The image folder cannot take a file: %s", problem.strerror)
    return StorageFull(
        _("The portal has no room for images. Nothing was stored; tell your admin, then upload again.")
    )
