"""A picture's pixels and nothing else: kept as it came where it is clean, else written anew as PNG."""

from __future__ import annotations

import hashlib
import io
from dataclasses import dataclass
from pathlib import Path

from PIL import Image as PillowImage

from mlcore.engine.contracts import Image
from mlcore.engine.durable import write_flushed
from mlcore.engine.frozen import picture_file
from mlcore.engine.images import pixels_hash, read_image
from mlcore.engine.looks import look

# What a JPEG without words, places, profiles or previews tells of itself.
_PLAIN_INFO = {
    *("jfif", "jfif_version", "jfif_unit", "jfif_density", "dpi", "progressive", "progression"),
    *("adobe", "adobe_transform"),
}
_PLAIN_SEGMENTS = {"APP0", "APP14"}
_END = b"\xff\xd9"
# One that paints its picture anew a thousand times would take each who looks at it half a minute.
_SCAN, _MOST_SCANS = b"\xff\xda", 64
_PNG_HEAD = 8
_PNG_FRAME = 12
_PLAIN_CHUNKS = {b"IHDR", b"IDAT", b"IEND"}


@dataclass(frozen=True, slots=True)
class Kept:
    """A stored picture: its file's SHA-256 and path below the store, its pixels' hash, its look."""

    sha256: str
    file: str
    pixels: str
    look: str


def tidied(content: bytes, pixels: Image) -> tuple[bytes, str]:
    """Return the bytes of a picture without anything but its ``pixels``, upright, and the suffix that fits.

    Nothing is lost: a JPEG or PNG that is clean stays as it is, any other becomes a PNG of the same pixels.
    """
    with PillowImage.open(io.BytesIO(content)) as picture:
        if picture.format == "JPEG" and _clean_jpeg(picture, content):
            return content, ".jpg"
        if picture.format == "PNG" and picture.mode == "RGB" and _clean_png(content):
            return content, ".png"
    buffer = io.BytesIO()
    PillowImage.fromarray(pixels).save(buffer, "PNG", compress_level=4)
    return buffer.getvalue(), ".png"


def keep(content: bytes, pictures: Path) -> Kept:
    """Store a tidy picture below ``pictures`` and return what names it there.

    Raises ``UnreadableImageError`` unless the picture can be decoded to its end, and ``OSError`` if the disk
    does not take it.
    """
    pixels = read_image(content)
    clean, suffix = tidied(content, pixels)
    sha256 = hashlib.sha256(clean).hexdigest()
    file = picture_file(sha256, suffix)
    target = pictures / file
    if not target.exists():
        target.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
        draft = target.with_name(f".{sha256}")
        write_flushed(draft, clean)
        draft.replace(target)
    return Kept(sha256, file, pixels_hash(pixels), look(pixels))


def _clean_jpeg(picture: PillowImage.Image, content: bytes) -> bool:
    """Say whether a JPEG has no words in it, few scans and nothing behind it; a doubtful one is not clean."""
    segments = {name for name, _data in getattr(picture, "applist", [])}
    plain = picture.mode == "RGB" and set(picture.info) <= _PLAIN_INFO and segments <= _PLAIN_SEGMENTS
    quick = content.count(_SCAN) <= _MOST_SCANS
    return plain and quick and content.find(_END) == len(content) - len(_END)


def _clean_png(content: bytes) -> bool:
    """Say whether a PNG consists of its pixels alone, up to its last byte."""
    place, names = _PNG_HEAD, set()
    while place + _PNG_FRAME <= len(content) and b"IEND" not in names:
        length = int.from_bytes(content[place : place + 4], "big")
        names.add(content[place + 4 : place + 8])
        place += length + _PNG_FRAME
    return place == len(content) and names == _PLAIN_CHUNKS
