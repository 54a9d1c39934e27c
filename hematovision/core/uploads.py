"""How much of an upload is taken in at all, before anybody has looked at it."""

from __future__ import annotations

from typing import IO, Any

from django.conf import settings
from django.core.exceptions import RequestDataTooBig
from django.core.files.uploadhandler import FileUploadHandler


class CappedUploads(FileUploadHandler):
    """Stands before Django's own handlers and lets through at most a little more than one file may have.

    What is beyond is read and dropped, so that the sender hears the refusal instead of a broken connection,
    and the file that the service sees is just large enough to be refused by it.
    """

    taken = 0

    def handle_raw_input(
        self,
        input_data: IO[bytes],  # noqa: ARG002 -- Django's signature
        META: dict[str, Any],  # noqa: ARG002, N803 -- as above
        content_length: int,
        boundary: str,  # noqa: ARG002 -- as above
        encoding: str | None = None,  # noqa: ARG002 -- as above
    ) -> None:
        """Refuse a request that would fill the disk, by its header.

        Raises:
            RequestDataTooBig: the whole request is larger than ``settings.REQUEST_MAX_BYTES``.
        """
        if content_length > settings.REQUEST_MAX_BYTES:
            raise RequestDataTooBig(f"{content_length} bytes are more than one request may bring.")

    def new_file(self, *args: Any, **kwargs: Any) -> None:
        """Begin to count."""
        super().new_file(*args, **kwargs)
        self.taken = 0

    def receive_data_chunk(self, raw_data: bytes, start: int) -> bytes | None:  # noqa: ARG002 -- Django's signature
        """Pass a chunk on until the file is certain to be too large."""
        if self.taken > settings.UPLOAD_MAX_BYTES:
            return None
        self.taken += len(raw_data)
        return raw_data

    def file_complete(self, file_size: int) -> None:
        """Leave the file to the next handler."""
