"""Compare the image folder with the rows that name its files."""

from __future__ import annotations

import hashlib
from dataclasses import dataclass, field
from pathlib import Path

from django.conf import settings

from predictions.models import StoredImage


@dataclass(slots=True)
class Inspection:
    """What is wrong: files that no row names, rows whose file is missing, rows whose file is altered."""

    unnamed: list[Path] = field(default_factory=list)
    missing: list[StoredImage] = field(default_factory=list)
    altered: list[StoredImage] = field(default_factory=list)

    @property
    def clean(self) -> bool:
        """Whether files and rows agree."""
        return not (self.unnamed or self.missing or self.altered)


def inspect(*, read: bool) -> Inspection:
    """Look at every row whose image is kept and at every file.

    With ``read`` also compare each file's SHA-256 with its row.
    """
    found = Inspection()
    # Files first: a row that is added meanwhile names a file that this list cannot hold as unnamed.
    files = {path for path in Path(settings.IMAGE_ROOT).glob("*/*") if path.is_file()}
    for image in StoredImage.objects.filter(removed_at=None).iterator(chunk_size=2000):
        files.discard(image.path)
        if not image.path.is_file():
            found.missing.append(image)
        elif read and hashlib.sha256(image.path.read_bytes()).hexdigest() != image.sha256:
            found.altered.append(image)
    found.unnamed = sorted(files)
    return found
