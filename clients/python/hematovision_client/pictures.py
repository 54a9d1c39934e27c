"""Files with images: what is taken for one, and whether a scanner has finished writing it."""

from __future__ import annotations

import stat
from pathlib import Path
from typing import Final

SUFFIXES: Final = frozenset({".jpg", ".jpeg", ".png", ".tif", ".tiff"})
MEDIA: Final = {".png": "image/png", ".tif": "image/tiff", ".tiff": "image/tiff"}
JPEG: Final = b"\xff\xd8"
PNG: Final = b"\x89PNG\r\n\x1a\n"
END_OF_IMAGE: Final = 0xD9
# Markers without a length behind them: fill, stuffed 0xFF, TEM, restarts, start of image.
BARE: Final = frozenset({0x00, 0x01, 0xFF, *range(0xD0, 0xD9)})


def is_picture(path: Path) -> bool:
    """Say whether a file is one to send, by its name; links and hidden files are not."""
    if path.suffix.lower() not in SUFFIXES or path.name.startswith("."):
        return False
    try:
        return stat.S_ISREG(path.lstat().st_mode)
    except OSError:
        return False


def pictures_in(paths: list[Path]) -> list[Path]:
    """Return the files named and the images of the folders named, each once, in order.

    Raises:
        FileNotFoundError: one of them does not exist.
    """
    found: dict[Path, None] = {}
    for path in paths:
        if path.is_dir():
            found |= dict.fromkeys(file for file in sorted(path.rglob("*")) if is_picture(file))
        elif path.is_file():
            found[path] = None
        else:
            raise FileNotFoundError(f"There is no file “{path}”.")
    return list(found)


def readable(name: str) -> str:
    """Return a name as it can be sent: what on the disk is no UTF-8, as some scanners write it, as U+FFFD."""
    return name.encode("utf-8", "surrogateescape").decode("utf-8", "replace")


def media_type(path: str) -> str:
    """Return what to call a file on the way; the portal decides by its content."""
    return MEDIA.get(Path(path).suffix.lower(), "image/jpeg")


def complete(content: bytes) -> bool:
    """Say whether an image is there to its end: by the last marker of a JPEG, the last chunk of a PNG.

    Of anything else only an empty file is known to be unfinished; the portal says what is wrong with it.
    """
    if content.startswith(JPEG):
        return _jpeg_ends(content)
    if content.startswith(PNG):
        return _png_ends(content)
    # The first bytes of a signature are a beginning too.
    return not (JPEG.startswith(content) or PNG.startswith(content))


def _jpeg_ends(content: bytes) -> bool:
    """Walk the segments: a preview inside one has an end of its own, which is not the picture's."""
    place = len(JPEG)
    while (place := content.find(b"\xff", place)) >= 0 and place + 1 < len(content):
        marker = content[place + 1]
        if marker == END_OF_IMAGE:
            return True
        if marker in BARE:
            place += 1 if marker == 0xFF else 2
        else:
            place += 2 + int.from_bytes(content[place + 2 : place + 4])
    return False


def _png_ends(content: bytes) -> bool:
    place = len(PNG)
    while place + 12 <= len(content):
        end = place + 12 + int.from_bytes(content[place : place + 4])
        if content[place + 4 : place + 8] == b"IEND":
            return end <= len(content)
        place = end
    return False
