"""Find images without a row, rows without an image, and altered images."""

from __future__ import annotations

import time
from pathlib import Path
from typing import Any

from django.core.management.base import BaseCommand, CommandError, CommandParser

from predictions.models import StoredImage
from predictions.pipeline.inspect import inspect
from predictions.pipeline.store import folder_held

# A younger file may belong to an upload that is being stored right now.
SETTLED_SECONDS = 3600


class Command(BaseCommand):
    help = "Compare the image folder with the database; exit 1 when they do not agree."

    def add_arguments(self, parser: CommandParser) -> None:
        parser.add_argument("--read", action="store_true", help="also compare the content of each file")
        parser.add_argument(
            "--remove", action="store_true", help="remove files older than an hour that no row names"
        )

    def handle(self, *_: Any, **options: Any) -> None:
        found = inspect(read=options["read"])
        for image in found.missing:
            self.stdout.write(f"missing: {image.relative_path}")
        for image in found.altered:
            self.stdout.write(f"altered: {image.relative_path}")
        kept = [path for path in found.unnamed if not (options["remove"] and _remove(path))]
        for path in found.unnamed:
            self.stdout.write(
                f"{'without a row' if path in kept else 'removed'}: {path.parent.name}/{path.name}"
            )
        if found.missing or found.altered or kept:
            raise CommandError(
                f"{len(found.missing)} missing, {len(found.altered)} altered, {len(kept)} without a row. "
                "Restore missing and altered images from the backup; --remove clears away the others."
            )
        self.stdout.write("The image folder and the database agree.")


def _remove(path: Path) -> bool:
    """Remove a settled file unless a row has come to name it; the folder is held alone meanwhile."""
    with folder_held(alone=True):
        if (
            time.time() - path.stat().st_mtime < SETTLED_SECONDS
            or StoredImage.objects.filter(pk=path.stem, removed_at=None).exists()
        ):
            return False
        path.unlink()
    return True
