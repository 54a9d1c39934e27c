"""TIFF files as microscopes write them, and as nobody should read them, put together entry by entry."""

import io
import struct
import zlib

import numpy as np
from PIL import Image, TiffImagePlugin

SHORT, LONG = 3, 4
WIDTH, HEIGHT, BITS, COMPRESSION, PHOTOMETRIC, OFFSETS, ORIENTATION = 256, 257, 258, 259, 262, 273, 274
SAMPLES, ROWS, BYTES, PLANES, PREDICTOR, SUB_IFDS, EXIF = 277, 278, 279, 284, 317, 330, 34665
TILE_WIDTH, TILE_HEIGHT, TILE_OFFSETS, TILE_BYTES, SAMPLE_FORMAT = 322, 323, 324, 325, 339


def pixels(width=96, height=80, seed=1):
    return np.random.default_rng(seed).integers(0, 255, (height, width, 3), dtype=np.uint8)


def tiff(width=96, height=80, body=None, further=0, order="<", strips=1, more=(), **changed):
    """A TIFF of one directory; ``changed`` gives a tag other values or removes it, ``more`` adds entries."""
    body = pixels(width, height).tobytes() if body is None else body
    tags = {
        WIDTH: [width], HEIGHT: [height], BITS: [8, 8, 8], COMPRESSION: [1], PHOTOMETRIC: [2],
        OFFSETS: [8 + n * (len(body) // strips) for n in range(strips)], SAMPLES: [3],
        ROWS: [-(-height // strips)], BYTES: [len(body) // strips] * strips,
    }  # fmt: skip
    tags |= {globals()[name]: values for name, values in changed.items()}
    tags = {tag: values for tag, values in tags.items() if values is not None}
    begins = 8 + len(body)
    behind = begins + 2 + 12 * (len(tags) + len(more)) + 4
    entries, arrays = b"", b""
    for tag, values in sorted(tags.items()):
        packed = struct.pack(f"{order}{len(values)}L", *values)
        place = packed if len(packed) == 4 else struct.pack(order + "L", behind + len(arrays))
        arrays += packed if len(packed) > 4 else b""
        entries += struct.pack(order + "HHL", tag, LONG, len(values)) + place
    entries += b"".join(struct.pack(order + "HHLL", *entry) for entry in more)
    head = (b"II" if order == "<" else b"MM") + struct.pack(order + "HL", 42, begins)
    count = struct.pack(order + "H", len(tags) + len(more))
    return head + body + count + entries + struct.pack(order + "L", further) + arrays


def written(mode="RGB", **options):
    """A TIFF as Pillow writes it."""
    buffer = io.BytesIO()
    Image.fromarray(pixels()).convert(mode).save(buffer, "TIFF", **options)
    return buffer.getvalue()


def pages(count):
    buffer = io.BytesIO()
    many = [Image.fromarray(pixels(seed=n)) for n in range(count)]
    many[0].save(buffer, "TIFF", save_all=True, append_images=many[1:])
    return buffer.getvalue()


def tiled(width=96, height=80, side=64, **changed):
    """Uncompressed tiles, padded at the right and lower edge as the format has it."""
    across, down = -(-width // side), -(-height // side)
    whole = np.zeros((down * side, across * side, 3), dtype=np.uint8)
    whole[:height, :width] = pixels(width, height)
    tiles = [whole[y : y + side, x : x + side] for y in range(0, down * side, side)
             for x in range(0, across * side, side)]  # fmt: skip
    size = side * side * 3
    facts = {
        "OFFSETS": None, "BYTES": None, "ROWS": None, "TILE_WIDTH": [side], "TILE_HEIGHT": [side],
        "TILE_OFFSETS": [8 + n * size for n in range(len(tiles))], "TILE_BYTES": [size] * len(tiles),
    }  # fmt: skip
    return tiff(width, height, body=b"".join(tile.tobytes() for tile in tiles), **(facts | changed))


def with_names():
    """A TIFF that says who took it, where, of whom, with a thumbnail in a directory below."""
    about = TiffImagePlugin.ImageFileDirectory_v2()
    about[270], about[315], about[ORIENTATION] = "patient 4711", "Dr. Jane Roe", 6
    about[34675] = b"ICC_PROFILE of patient 4711"
    return written(tiffinfo=about)


def bomb(width=4_000, height=4_000):
    """Some kilobytes of deflate, in the one strip of a small picture: they unfold to 48 MB."""
    return zlib.compress(bytes(width * height * 3), 9)


def many_tags(count=5_000):
    return tiff(more=[(0x9000 + n, SHORT, 1, 0) for n in range(count)])


def overlapping(strips=80):
    """Each strip is the whole file, so that together they are a multiple of it."""
    return tiff(strips=strips, COMPRESSION=[8], OFFSETS=[8] * strips, BYTES=[23_040] * strips)


def refused():
    """name, content, code, status."""
    whole, deflated = tiff(), written(compression="tiff_adobe_deflate")
    begins = struct.unpack_from("<L", whole, 4)[0]
    short = zlib.compress(bytes(100))
    return [
        ("only-magic.tif", b"II*\0", "damaged", 422),
        ("cut-in-half.tif", whole[: len(whole) // 2], "damaged", 422),
        ("cut-directory.tif", whole[: begins + 40], "damaged", 422),
        ("cut-deflate.tif", tiff(body=short, COMPRESSION=[8]), "damaged", 422),
        ("not-deflate.tif", tiff(body=b"nothing like it", COMPRESSION=[8]), "damaged", 422),
        ("not-lzw.tif", tiff(body=b"\xff" * 999, COMPRESSION=[5]), "damaged", 422),
        ("directory-outside.tif", b"II*\0\xff\xff\xff\x7f" + whole[8:], "damaged", 422),
        ("strip-outside.tif", tiff(OFFSETS=[2**31]), "damaged", 422),
        ("strip-too-long.tif", tiff(BYTES=[2**32 - 1]), "damaged", 422),
        ("strip-too-short.tif", tiff(BYTES=[100]), "damaged", 422),
        ("strip-of-nothing.tif", tiff(BYTES=[0], COMPRESSION=[8]), "damaged", 422),
        ("strips-missing.tif", tiff(strips=4, ROWS=[1]), "damaged", 422),
        ("strips-overlap.tif", overlapping(), "damaged", 422),
        ("no-rows.tif", tiff(ROWS=[0]), "damaged", 422),
        ("no-width.tif", tiff(WIDTH=None), "damaged", 422),
        ("two-widths.tif", tiff(WIDTH=[96, 96]), "damaged", 422),
        ("width-as-text.tif", tiff(WIDTH=None, more=[(WIDTH, 2, 1, 96)]), "damaged", 422),
        ("no-size.tif", tiff(WIDTH=[0]), "too_small", 422),
        ("line.tif", tiff(width=500, height=1), "too_small", 422),
        ("bomb-claimed.tif", tiff(WIDTH=[2**32 - 1], HEIGHT=[2**32 - 1]), "too_many_pixels", 413),
        ("just-over.tif", tiff(WIDTH=[4_900], HEIGHT=[4_900]), "too_many_pixels", 413),
        ("long.tif", tiff(WIDTH=[65_535]), "too_many_pixels", 413),
        ("two-pages.tif", pages(2), "many_pages", 422),
        ("many-pages.tif", pages(300), "many_pages", 422),
        ("circle.tif", tiff(further=begins), "many_pages", 422),
        ("next-page-nowhere.tif", tiff(further=2**32 - 1), "many_pages", 422),
        ("many-tags.tif", many_tags(), "too_many_parts", 422),
        ("many-strips.tif", tiff(more=[(OFFSETS, LONG, 2**30, 8)]), "too_many_parts", 422),
        ("many-tiles.tif", tiled(side=16, WIDTH=[4_800], HEIGHT=[4_800]), "too_many_parts", 422),
        ("huge-tile.tif", tiled(TILE_WIDTH=[65_536], TILE_HEIGHT=[65_536]), "unsupported_coding", 422),
        ("odd-tile.tif", tiled(TILE_WIDTH=[63]), "unsupported_coding", 422),
        ("deep.tif", tiff(BITS=[16, 16, 16]), "deep_colour", 422),
        ("deep-grey.tif", tiff(BITS=[16], SAMPLES=[1], PHOTOMETRIC=[1]), "deep_colour", 422),
        ("print.tif", written("CMYK"), "print_colours", 422),
        ("grey.tif", written("L"), "no_colour", 422),
        ("black-and-white.tif", written("1"), "no_colour", 422),
        ("floating.tif", tiff(SAMPLE_FORMAT=[3, 3, 3]), "unsupported_coding", 422),
        ("planes.tif", tiff(PLANES=[2]), "unsupported_coding", 422),
        ("jpeg-inside.tif", written(compression="jpeg"), "unsupported_coding", 422),
        ("fax.tif", tiff(COMPRESSION=[4]), "unsupported_coding", 422),
        ("strange-predictor.tif", tiff(COMPRESSION=[8], PREDICTOR=[9]), "unsupported_coding", 422),
        ("five-samples.tif", tiff(SAMPLES=[5], BITS=[8] * 5), "unsupported_coding", 422),
        ("big.tif", b"II+\0\x08\0\0\0" + bytes(100), "unsupported_type", 415),
        ("deflate-bomb.tif", tiff(body=bomb(), COMPRESSION=[8]), "unfolds", 422),
        ("bit-flip.tif", deflated[:300] + b"\0" * 40 + deflated[340:], "damaged", 422),
    ]


def accepted():
    """name, content: what is kept of each is a PNG of its pixels."""
    return [
        ("plain.tif", tiff()),
        ("big-endian.tif", tiff(order=">")),
        ("strips.tif", tiff(strips=80)),
        ("tiles.tif", tiled()),
        ("lzw.tif", written(compression="tiff_lzw")),
        ("deflate.tif", written(compression="tiff_adobe_deflate")),
        ("predictor.tif", written(compression="tiff_lzw", tiffinfo={PREDICTOR: 2})),
        ("palette.tif", written("P")),
        ("see-through.tif", written("RGBA")),
        ("names.tif", with_names()),
        ("sub-directories.tif", tiff(more=[(SUB_IFDS, LONG, 1, 8), (EXIF, LONG, 1, 2**32 - 1)])),
        ("wrong-extension-tiff.png", tiff()),
        ("tiff-then-html.html", tiff() + b"<html><script>alert(1)</script>"),
    ]
