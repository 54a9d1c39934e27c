"""Leave of a TIFF file only the one picture in it, written anew with nothing but what decoding it takes.

Of the format is read what cameras and microscopes write: one page, 8 bits per colour, RGB or a palette, in
strips or tiles, without compression or with LZW or deflate. The directory is read here, entry by entry, and
each number is held against the file before anything is decoded; the decoder is given a directory of our own.
Pointers to further directories (EXIF, GPS, sub-images) are not followed. Format: TIFF 6.0, parts 1 and 2.
"""

from __future__ import annotations

import math
import struct
import zlib
from itertools import accumulate
from typing import Final

from predictions.decoding.bare.directory import (
    BITS,
    COLOUR_MAP,
    COMPRESSION,
    EXTRA_SAMPLES,
    FILL_ORDER,
    HEIGHT,
    MOST_VALUES,
    ORIENTATION,
    PHOTOMETRIC,
    PLANES,
    PREDICTOR,
    SAMPLE_FORMAT,
    SAMPLES,
    STRIP_BYTES,
    STRIP_OFFSETS,
    STRIP_ROWS,
    TILE_BYTES,
    TILE_HEIGHT,
    TILE_OFFSETS,
    TILE_WIDTH,
    WIDTH,
    Tags,
    directory,
    one,
)
from predictions.decoding.refused import Refused, check_size, damaged, too_many_parts

TIFF_BEGINS: Final = (b"II*\0", b"MM\0*")
# Tiles of scanners have 240 to 1,024 pixels; one is decoded whole, even where the picture is smaller.
LONGEST_TILE: Final = 2_048

UNCOMPRESSED: Final = 1
LZW, DEFLATE, OLD_DEFLATE = 5, 8, 32_946
# How much of a strip is unfolded at once, to see how long it is.
AT_ONCE: Final = 1_000_000
RGB, PALETTE = 2, 3
GREY: Final = {0, 1}
PRINTED: Final = {5, 8}


def bare_tiff(content: bytes, *, max_pixels: int) -> tuple[bytes, int]:
    """Return a TIFF file with the picture of ``content`` and nothing else, and how the picture is turned.

    What it holds decodes to no more than its pixels, and each strip or tile lies in the file; the decoder of
    LZW stops at them by itself. The second is the orientation as EXIF counts it; 1 is upright.

    Raises:
        Refused: it is damaged, or not what is read of the format.
    """
    tags = directory(content)
    check_size(one(tags, WIDTH), one(tags, HEIGHT), max_pixels)
    _check_colours(tags)
    _check_coding(tags)
    return _written(_kept(tags), _pieces(content, tags)), one(tags, ORIENTATION, 1)


def _check_colours(tags: Tags) -> None:
    """Refuse what cannot be shown to the model without guessing at its colours."""
    colours = one(tags, PHOTOMETRIC)
    if max(tags.get(BITS, (1,))) > 8:
        raise Refused("deep_colour")
    if colours in GREY:
        raise Refused("no_colour")
    if colours in PRINTED:
        raise Refused("print_colours")
    samples, extra = one(tags, SAMPLES, 1), tags.get(EXTRA_SAMPLES, ())
    plain = (samples, len(extra)) in {(3, 0), (4, 1)} and max(extra, default=0) <= 2
    indexed = (samples, len(tags.get(COLOUR_MAP, ()))) == (1, 3 * 256)
    if not (plain if colours == RGB else indexed and colours == PALETTE):
        raise _unsupported()


def _check_coding(tags: Tags) -> None:
    usual = {
        FILL_ORDER: {1},
        PLANES: {1},
        SAMPLE_FORMAT: {1},
        PREDICTOR: {1, 2},
        COMPRESSION: {UNCOMPRESSED, LZW, DEFLATE, OLD_DEFLATE},
    }
    coded = all(set(tags.get(tag, (1,))) <= values for tag, values in usual.items())
    if not coded or set(tags.get(BITS, ())) != {8}:
        raise _unsupported()


def _pieces(content: bytes, tags: Tags) -> list[bytes]:
    """Return the strips or tiles; one that is not compressed has exactly the bytes of its pixels."""
    sizes = _tile_sizes(tags) if TILE_WIDTH in tags else _strip_sizes(tags)
    tiled = TILE_WIDTH in tags
    offsets = tags.get(TILE_OFFSETS if tiled else STRIP_OFFSETS, ())
    counts = tags.get(TILE_BYTES if tiled else STRIP_BYTES, ())
    # Together they are no larger than the file, or many could name the same bytes and fill the memory.
    if not len(offsets) == len(counts) == len(sizes) or sum(counts) > len(content) or not min(counts):
        raise damaged()
    pieces = [content[offset : offset + count] for offset, count in zip(offsets, counts, strict=True)]
    if [len(piece) for piece in pieces] != list(counts):
        raise damaged()
    coded = one(tags, COMPRESSION, UNCOMPRESSED)
    if coded in {DEFLATE, OLD_DEFLATE}:
        # Some programs fill the last strip up, so that each may be as long as the first.
        for piece in pieces:
            _check_unfolded(piece, sizes[0])
    if coded != UNCOMPRESSED:
        return pieces
    if any(count < size for count, size in zip(counts, sizes, strict=True)):
        raise damaged()
    return [piece[:size] for piece, size in zip(pieces, sizes, strict=True)]


def _check_unfolded(piece: bytes, most: int) -> None:
    """Refuse deflate that unfolds to more than ``most`` bytes; what else is wrong, its decoder finds."""
    unfolding, length = zlib.decompressobj(), 0
    while piece and not unfolding.eof:
        try:
            length += len(unfolding.decompress(piece, AT_ONCE))
        except zlib.error:
            return
        if length > most:
            raise Refused("unfolds")
        piece = unfolding.unconsumed_tail


def _strip_sizes(tags: Tags) -> list[int]:
    height = one(tags, HEIGHT)
    rows = min(one(tags, STRIP_ROWS, height), height)
    if rows < 1:
        raise damaged()
    row = one(tags, WIDTH) * one(tags, SAMPLES, 1)
    return [min(rows, height - top) * row for top in range(0, height, rows)]


def _tile_sizes(tags: Tags) -> list[int]:
    width, height = one(tags, TILE_WIDTH), one(tags, TILE_HEIGHT)
    if not all(0 < side <= LONGEST_TILE and side % 16 == 0 for side in (width, height)):
        raise _unsupported()
    count = math.ceil(one(tags, WIDTH) / width) * math.ceil(one(tags, HEIGHT) / height)
    if count > MOST_VALUES:
        raise too_many_parts()
    return [width * height * one(tags, SAMPLES, 1)] * count


def _kept(tags: Tags) -> Tags:
    """Return what the decoder is told beside where the pieces lie, each value as it was checked."""
    samples, compression = one(tags, SAMPLES, 1), one(tags, COMPRESSION, UNCOMPRESSED)
    told = {
        BITS: (8,) * samples,
        COMPRESSION: (compression,),
        SAMPLES: (samples,),
        PLANES: (1,),
    }
    if TILE_WIDTH not in tags:
        told[STRIP_ROWS] = (min(one(tags, STRIP_ROWS, tags[HEIGHT][0]), tags[HEIGHT][0]),)
    if compression != UNCOMPRESSED:
        told[PREDICTOR] = (one(tags, PREDICTOR, 1),)
    same = (WIDTH, HEIGHT, PHOTOMETRIC, TILE_WIDTH, TILE_HEIGHT, EXTRA_SAMPLES, COLOUR_MAP)
    return told | {tag: tags[tag] for tag in same if tag in tags}


def _written(tags: Tags, pieces: list[bytes]) -> bytes:
    """Return a file with this directory and these strips or tiles, one behind the other."""
    where, sizes = (TILE_OFFSETS, TILE_BYTES) if TILE_WIDTH in tags else (STRIP_OFFSETS, STRIP_BYTES)
    counts = [len(piece) for piece in pieces]
    values = {tag: struct.pack(f"<{len(known)}H", *known) for tag, known in tags.items()}
    values |= {sizes: struct.pack(f"<{len(counts)}L", *counts), where: bytes(4 * len(counts))}
    # Header, number of entries, entries, end of the directory; behind them the long values, then the picture.
    at = 8 + 2 + 12 * len(values) + 4
    begins = at + sum(len(packed) for packed in values.values() if len(packed) > 4)
    offsets = list(accumulate(counts, initial=begins))[:-1]
    values[where] = struct.pack(f"<{len(counts)}L", *offsets)
    entries, behind = [], []
    for tag, packed in sorted(values.items()):
        kind, size = (4, 4) if tag in {where, sizes} else (3, 2)
        entries.append(struct.pack("<HHL", tag, kind, len(packed) // size))
        entries.append(packed.ljust(4, b"\0") if len(packed) <= 4 else struct.pack("<L", at))
        if len(packed) > 4:
            behind.append(packed)
            at += len(packed)
    head = struct.pack("<2sHLH", b"II", 42, 8, len(values))
    return b"".join([head, *entries, bytes(4), *behind, *pieces])


def _unsupported() -> Refused:
    return Refused("unsupported_coding")
