"""Taking in a large ZIP file: streamed to the disk where its import will look for it, never in memory."""

from __future__ import annotations

import tempfile
from pathlib import Path
from typing import Any

from django.conf import settings
from django.core.files.uploadedfile import TemporaryUploadedFile, UploadedFile
from django.core.files.uploadhandler import StopUpload, TemporaryFileUploadHandler


class StoredArchive(TemporaryUploadedFile):
    """An uploaded file beside the data sets, so that it can be moved there; it goes where nobody moves it."""

    def __init__(self, name: str, content_type: str, size: int, charset: str, extra: Any = None) -> None:
        folder = Path(settings.DATASET_ROOT) / ".uploads"
        folder.mkdir(parents=True, exist_ok=True, mode=0o700)
        file = tempfile.NamedTemporaryFile(suffix=".zip", dir=folder)  # noqa: SIM115 -- closed with the request
        UploadedFile.__init__(self, file, name, content_type, size, charset, extra)


class ArchiveUploads(TemporaryFileUploadHandler):
    """Writes the file as it comes, and stops reading once it is larger than ``DATASET_MAX_BYTES``."""

    taken = 0

    def new_file(self, *args: Any, **kwargs: Any) -> None:
        """Begin a file on the disk of the data sets."""
        super(TemporaryFileUploadHandler, self).new_file(*args, **kwargs)
        self.file = StoredArchive(
            self.file_name or "", self.content_type or "", 0, self.charset or "", self.content_type_extra
        )

    def receive_data_chunk(self, raw_data: bytes, start: int) -> None:
        """Write a chunk.

        Raises:
            StopUpload: the file is larger than allowed; the form is then told that there is none.
        """
        self.taken += len(raw_data)
        if self.taken > settings.DATASET_MAX_BYTES:
            raise StopUpload(connection_reset=True)
        super().receive_data_chunk(raw_data, start)
