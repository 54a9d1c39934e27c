"""The directory of a TIFF file: what it says of its one picture, each number held against the file.

Format: TIFF 6.0, section 2.
"""

from __future__ import annotations

import struct
from typing import Final

from predictions.decoding.refused import Refused, damaged, too_many_parts

# Programs write some thirty entries, and at worst a strip for each row of the longest picture.
MOST_TAGS: Final = 200
MOST_VALUES: Final = 20_000

WIDTH, HEIGHT, BITS, COMPRESSION, PHOTOMETRIC, FILL_ORDER = 256, 257, 258, 259, 262, 266
STRIP_OFFSETS, ORIENTATION, SAMPLES, STRIP_ROWS, STRIP_BYTES, PLANES = 273, 274, 277, 278, 279, 284
PREDICTOR, COLOUR_MAP, TILE_WIDTH, TILE_HEIGHT, TILE_OFFSETS, TILE_BYTES = 317, 320, 322, 323, 324, 325
EXTRA_SAMPLES, SAMPLE_FORMAT = 338, 339
READ: Final = {
    *(WIDTH, HEIGHT, BITS, COMPRESSION, PHOTOMETRIC, FILL_ORDER, STRIP_OFFSETS, ORIENTATION, SAMPLES),
    *(STRIP_ROWS, STRIP_BYTES, PLANES, PREDICTOR, COLOUR_MAP, TILE_WIDTH, TILE_HEIGHT, TILE_OFFSETS),
    *(TILE_BYTES, EXTRA_SAMPLES, SAMPLE_FORMAT),
}
# The letter of struct for each type of whole number.
NUMBERS: Final = {1: "B", 3: "H", 4: "L"}

Tags = dict[int, tuple[int, ...]]


def directory(content: bytes) -> Tags:
    """Return the whole numbers of the only directory that matter for the picture.

    Raises:
        Refused: it lies outside the file, is longer than any program writes it, or is not the only one.
    """
    order = "<" if content.startswith(b"II") else ">"
    (first,) = _numbers(content, order + "L", 4)
    (count,) = _numbers(content, order + "H", first)
    if count > MOST_TAGS:
        raise too_many_parts()
    (further,) = _numbers(content, order + "L", first + 2 + 12 * count)
    if further:
        raise Refused("many_pages")
    tags: Tags = {}
    for at in range(first + 2, first + 2 + 12 * count, 12):
        tag, kind, values = struct.unpack_from(order + "HHL", content, at)
        if tag in READ:
            tags[tag] = _values(content, order, at, kind, values)
    return tags


def _values(content: bytes, order: str, at: int, kind: int, count: int) -> tuple[int, ...]:
    """Return the values of the entry at ``at``: up to four bytes stand in it, more where it points to."""
    if kind not in NUMBERS or not count:
        raise damaged()
    if count > MOST_VALUES:
        raise too_many_parts()
    layout = f"{order}{count}{NUMBERS[kind]}"
    if struct.calcsize(layout) <= 4:
        return _numbers(content, layout, at + 8)
    return _numbers(content, layout, *_numbers(content, order + "L", at + 8))


def _numbers(content: bytes, layout: str, at: int) -> tuple[int, ...]:
    if at + struct.calcsize(layout) > len(content):
        raise damaged()
    return struct.unpack_from(layout, content, at)


def one(tags: Tags, tag: int, otherwise: int | None = None) -> int:
    """Return the only value of a tag, or what the format means where it is missing.

    Raises:
        Refused: it has none or several.
    """
    values = tags.get(tag, () if otherwise is None else (otherwise,))
    if len(values) != 1:
        raise damaged()
    return values[0]
