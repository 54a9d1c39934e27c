"""Static files under names that hold their hash, compressed once when they are collected."""

from __future__ import annotations

import brotli
from whitenoise.compress import Compressor
from whitenoise.storage import CompressedManifestStaticFilesStorage

# The best one, 11, saves another tenth in many times as long, for which each first start would wait.
QUALITY = 9


class Quick(Compressor):
    """Compresses well, not as well as can be."""

    @staticmethod
    def compress_brotli(data: bytes) -> bytes:
        """Return ``data`` compressed by Brotli."""
        return bytes(brotli.compress(data, quality=QUALITY))


class StaticStorage(CompressedManifestStaticFilesStorage):
    """The files of ``STATIC_ROOT``."""

    def create_compressor(self, **options: object) -> Compressor:
        """Return what compresses them."""
        return Quick(**options)
