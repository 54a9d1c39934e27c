"""Leave of a file only what its picture is decoded from, before anything decodes it.

Metadata can hide what costs minutes or gigabytes to read (texts that unfold, EXIF in a million parts), and a
JPEG of some kilobytes can paint its picture anew a thousand times. What is left here is bounded by its bytes,
its pixels (``validate``) and the number of its parts. Formats: ITU-T T.81 annex B, PNG specification 5; TIFF
has a module of its own (``tiff``).
"""

from __future__ import annotations

import re
import struct
import warnings
from dataclasses import dataclass
from typing import Final

from PIL import ExifTags, Image

from predictions.decoding.bare.tiff import TIFF_BEGINS, bare_tiff
from predictions.decoding.refused import too_many_parts

JPEG_BEGINS: Final = b"\xff\xd8\xff"
PNG_BEGINS: Final = b"\x89PNG\r\n\x1a\n"
# Cameras and microscopes write one scan or about ten. One of 24 megapixels takes some 50 ms.
MOST_SCANS: Final = 64
# 25 MB of metadata are 400 parts of a JPEG; 25 MB of picture are 6,400 parts of a PNG, in the smallest usual.
MOST_SEGMENTS: Final = 2_000
MOST_CHUNKS: Final = 20_000
# An orientation stands at the beginning of EXIF, which in a JPEG has at most so many bytes.
MOST_EXIF: Final = 65_533

# A marker that begins something: not a stuffed zero, a restart within a scan, or a fill byte.
MARKER: Final = re.compile(rb"\xff([\x01-\xcf\xd8-\xfe])")
ALONE: Final = {0x01, 0xD8}
END, SCAN, APP0, APP1, APP14 = 0xD9, 0xDA, 0xE0, 0xE1, 0xEE
# Frames, tables and scans: everything between the first frame and the metadata, by T.81 table B.1.
DRAWN: Final = {*range(0xC0, 0xD0), *range(0xDA, 0xE0), 0xDB}
# These two say how colours are coded; Pillow reads no further than their names and numbers.
COLOURS: Final = {APP0: b"JFIF", APP14: b"Adobe"}
# acTL says that the file is an animation, which ``validate`` refuses.
CHUNKS: Final = {b"IHDR", b"PLTE", b"tRNS", b"acTL", b"IDAT", b"IEND"}


@dataclass(frozen=True, slots=True)
class Bare:
    """A file without metadata, and the EXIF orientation that it had; 1 is upright."""

    content: bytes
    orientation: int = 1


def bare(content: bytes, *, max_pixels: int) -> Bare:
    """Return ``content`` without metadata and without what hangs behind the picture.

    A damaged JPEG or PNG loses no more than an intact one and is left to the decoder to judge; a TIFF is
    written anew, which takes an intact one (``tiff``) with no more than ``max_pixels``.

    Raises:
        Refused: it has more scans or parts than a decoder should be asked to read; or it is a TIFF
            that is damaged or of a kind that is not read.
    """
    if content.startswith(JPEG_BEGINS):
        return _bare_jpeg(content)
    if content.startswith(PNG_BEGINS):
        return _bare_png(content)
    if content.startswith(TIFF_BEGINS):
        return Bare(*bare_tiff(content, max_pixels=max_pixels))
    return Bare(content)


def _bare_jpeg(content: bytes) -> Bare:
    kept, exif = [content[:2]], b""
    at, segments, scans = 2, 0, 0
    scanning = False
    while found := MARKER.search(content, at):
        start, code = found.start(), found[1][0]
        if scanning:
            kept.append(content[at:start])
        scanning = code == SCAN
        if code == END:
            return Bare(b"".join([*kept, b"\xff\xd9"]), _orientation(exif))
        at = found.end() if code in ALONE else _end_of_segment(content, start)
        segments, scans = segments + 1, scans + scanning
        if segments > MOST_SEGMENTS or scans > MOST_SCANS:
            raise too_many_parts()
        body = content[start + 4 : at]
        if code in DRAWN or (code in COLOURS and body.startswith(COLOURS[code])):
            kept.append(content[start:at])
        elif code == APP1 and not exif and body.startswith(b"Exif\0\0"):
            exif = body
    if scanning:
        kept.append(content[at:])
    return Bare(b"".join(kept), _orientation(exif))


def _end_of_segment(content: bytes, start: int) -> int:
    """Return where the segment of the marker at ``start`` ends; its length counts itself, not the marker."""
    return start + 2 + max(2, int.from_bytes(content[start + 2 : start + 4], "big"))


def _bare_png(content: bytes) -> Bare:
    kept, exif = [PNG_BEGINS], b""
    at, chunks = len(PNG_BEGINS), 0
    kind = b""
    while at < len(content) and kind != b"IEND":
        # Four bytes of length, four of kind, the body, four of checksum.
        kind, end = content[at + 4 : at + 8], at + 12 + int.from_bytes(content[at : at + 4], "big")
        chunks += 1
        if chunks > MOST_CHUNKS:
            raise too_many_parts()
        if kind in CHUNKS:
            kept.append(content[at:end])
        elif kind == b"eXIf":
            exif = content[at + 8 : end - 4][:MOST_EXIF]
        at = end
    return Bare(b"".join(kept), _orientation(exif))


def _orientation(exif: bytes) -> int:
    """Return the orientation that EXIF gives; metadata that cannot be read turns nothing."""
    read = Image.Exif()
    try:
        with warnings.catch_warnings():
            # Pillow has a warning for each entry that it cannot read, and there may be thousands.
            warnings.simplefilter("ignore")
            read.load(exif)
            value = read.get(ExifTags.Base.Orientation)
    except (OSError, SyntaxError, ValueError, KeyError, TypeError, IndexError, struct.error):
        return 1
    return value if isinstance(value, int) else 1
