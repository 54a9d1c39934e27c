"""Files that somebody might send by mistake or on purpose, made on the spot."""

import io
import struct
import zipfile
import zlib
from functools import cache

import numpy as np
from PIL import Image, PngImagePlugin

from tests.predictions import tiffs

# A colour profile of 12 MB that does not shrink.
HUGE = np.random.default_rng(7).bytes(12_000_000)
HTML = b"<!doctype html><html><script>alert(1)</script></html>"


def picture(width=96, height=80, mode="RGB", seed=1):
    """A noisy picture that no codec can shrink to nothing."""
    noise = np.random.default_rng(seed).integers(0, 255, (height, width, 3), dtype=np.uint8)
    return Image.fromarray(noise).convert(mode)


def encoded(image, kind, **options):
    buffer = io.BytesIO()
    image.save(buffer, kind, **options)
    return buffer.getvalue()


def jpeg(**options):
    return encoded(picture(**options), "JPEG")


def png(**options):
    return encoded(picture(**options), "PNG")


def chunk(name, body):
    return struct.pack(">I", len(body)) + name + body + struct.pack(">I", zlib.crc32(name + body))


def bare_png(width, height, depth=8, colour=2, body=b""):
    """A PNG with a header of our choosing; ``body`` is the compressed picture."""
    head = struct.pack(">IIBBBBB", width, height, depth, colour, 0, 0, 0)
    return b"\x89PNG\r\n\x1a\n" + chunk(b"IHDR", head) + chunk(b"IDAT", body) + chunk(b"IEND", b"")


@cache
def bomb(width, height):
    """A few kilobytes that decode to ``width`` x ``height`` black pixels."""
    packer = zlib.compressobj(1)
    row = bytes(1 + width * 3)
    body = b"".join(packer.compress(row) for _ in range(height)) + packer.flush()
    return bare_png(width, height, body=body)


def deep_png(width=64, height=64):
    """16 bits for each colour."""
    rows = b"".join(b"\0" + bytes(width * 6) for _ in range(height))
    return bare_png(width, height, depth=16, body=zlib.compress(rows))


def archive():
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w") as pack:
        pack.writestr("../../evil.sh", "rm -rf /")
    return buffer.getvalue()


def text_bomb():
    """A PNG whose compressed comment unfolds to 80 MB."""
    whole = png()
    comment = chunk(b"zTXt", b"Comment\0\0" + zlib.compress(bytes(80_000_000), 9))
    return whole[:33] + comment + whole[33:]


def many_scans(scans=1000, width=4800, height=5000):
    """A JPEG of 180 KB that paints its 24 megapixels ``scans`` times; its decoder needs 37 s."""
    whole = encoded(Image.new("RGB", (width, height), (200, 180, 190)), "JPEG", progressive=True)
    last = whole[whole.rindex(b"\xff\xda") : -2]
    return whole[:-2] + last * scans + whole[-2:]


def many_parts(segment, count=300_000):
    """A JPEG with ``count`` times the same small segment before its picture."""
    whole = jpeg()
    return whole[:2] + segment * count + whole[2:]


def many_chunks(count=300_000):
    whole = png()
    return whole[:33] + chunk(b"prVt", b"") * count + whole[33:]


def exif_bomb():
    """EXIF of 64 KB whose 5,000 entries all name the same 64 KB."""
    entries = b"".join(struct.pack("<HHII", 0x9000 + n, 7, 60_000, 0) for n in range(5_000))
    body = b"Exif\0\0II*\0\x08\0\0\0" + struct.pack("<H", 5_000) + entries + bytes(4)
    whole = jpeg()
    return whole[:2] + b"\xff\xe1" + struct.pack(">H", len(body) + 2) + body + whole[2:]


def huge_texts():
    """A PNG with 12 MB of plain text, some of it behind the picture."""
    whole = png()
    text = b"".join(chunk(b"tEXt", b"Patient%d\0" % n + b"4711 " * 200_000) for n in range(6))
    return whole[:33] + text + whole[33:-12] + text + whole[-12:]


def with_exif(turn=1):
    """A JPEG that says where it was taken, by whom, and with which side up."""
    return encoded(picture(), "JPEG", exif=with_exif_of(turn), comment=b"patient 4711")


def with_exif_of(turn):
    exif = Image.Exif()
    exif[0x0112] = turn
    exif[0x013B] = "Dr. Jane Roe"
    exif[0x8825] = {1: "N", 2: (47.0, 22.0, 9.0), 3: "E", 4: (8.0, 32.0, 30.0)}
    return exif


def with_text():
    notes = PngImagePlugin.PngInfo()
    notes.add_text("Author", "Dr. Jane Roe")
    notes.add_itxt("Patient", "4711")
    return encoded(picture(), "PNG", pnginfo=notes, icc_profile=b"profile of patient 4711")


@cache
def refused():
    """name, content, code, status."""
    whole_jpeg, whole_png = jpeg(), png()
    frames = [picture(seed=n) for n in (1, 2)]
    palette_bomb = bare_png(50_000, 50_000, depth=1, colour=3, body=zlib.compress(bytes(10)))
    return [
        ("empty.jpg", b"", "empty", 422),
        ("one-byte.jpg", b"\xff", "unsupported_type", 415),
        ("only-magic.jpg", b"\xff\xd8\xff", "damaged", 422),
        ("only-magic.png", b"\x89PNG\r\n\x1a\n", "damaged", 422),
        ("cut-in-half.jpg", whole_jpeg[: len(whole_jpeg) // 2], "damaged", 422),
        ("cut-in-half.png", whole_png[: len(whole_png) // 2], "damaged", 422),
        ("cut-header.jpg", whole_jpeg[:200], "damaged", 422),
        ("without-end.png", whole_png[:-40], "damaged", 422),
        ("bit-flip.png", flipped(whole_png), "damaged", 422),
        ("svg.svg", b'<svg xmlns="http://www.w3.org/2000/svg" onload="alert(1)"/>', "unsupported_type", 415),
        ("svg-as.jpg", b'<?xml version="1.0"?><svg onload="alert(1)"/>', "unsupported_type", 415),
        ("page.html", HTML, "unsupported_type", 415),
        ("page-as.jpg", b"  \n" + HTML, "unsupported_type", 415),
        ("report.pdf", b"%PDF-1.7\n%...", "unsupported_type", 415),
        ("pdf-as.png", b"%PDF-1.7\n%...", "unsupported_type", 415),
        ("moving.gif", encoded(picture(mode="P"), "GIF"), "unsupported_type", 415),
        ("old.bmp", encoded(picture(), "BMP"), "unsupported_type", 415),
        ("new.webp", encoded(picture(), "WEBP"), "unsupported_type", 415),
        ("icon.ico", encoded(picture(64, 64), "ICO"), "unsupported_type", 415),
        ("photoshop.jpg", encoded(picture(), "PPM"), "unsupported_type", 415),
        ("archive.zip", archive(), "unsupported_type", 415),
        ("zip-then-jpeg.jpg", archive() + whole_jpeg, "unsupported_type", 415),
        ("program.jpg", b"MZ\x90\0" + bytes(200), "unsupported_type", 415),
        ("script.png", b"#!/bin/sh\nrm -rf /\n", "unsupported_type", 415),
        ("zeros.jpg", bytes(5000), "unsupported_type", 415),
        ("bomb-144mp.png", bomb(12_000, 12_000), "too_many_pixels", 413),
        ("bomb-claimed.png", bare_png(2**31 - 1, 2**31 - 1), "too_many_pixels", 413),
        ("bomb-palette.png", palette_bomb, "too_many_pixels", 413),
        ("just-over.png", bare_png(4900, 4900), "too_many_pixels", 413),
        ("long.png", bare_png(65_535, 40), "too_many_pixels", 413),
        ("65535x1.jpg", encoded(Image.new("RGB", (65_500, 1)), "JPEG"), "too_many_pixels", 413),
        ("line.png", png(width=500, height=1), "too_small", 422),
        ("dot.png", png(width=1, height=1), "too_small", 422),
        ("no-size.png", bare_png(0, 0), "damaged", 422),
        ("moving.png", encoded(frames[0], "PNG", save_all=True, append_images=frames[1:]), "animated", 422),
        ("print.jpg", encoded(picture(mode="CMYK"), "JPEG"), "print_colours", 422),
        ("deep.png", deep_png(), "deep_colour", 422),
        ("deep-grey.png", encoded(Image.new("I;16", (64, 64)), "PNG"), "deep_colour", 422),
        ("grey.jpg", encoded(picture(mode="L"), "JPEG"), "no_colour", 422),
        ("black-and-white.png", encoded(picture(mode="1"), "PNG"), "no_colour", 422),
        ("many-scans.jpg", many_scans(), "too_many_parts", 422),
        ("many-comments.jpg", many_parts(b"\xff\xfe\0\2"), "too_many_parts", 422),
        ("exif-in-parts.jpg", many_parts(b"\xff\xe1\0\x09Exif\0\0x"), "too_many_parts", 422),
        ("many-chunks.png", many_chunks(), "too_many_parts", 422),
        ("no-picture.png", bare_png(64, 64), "damaged", 422),
        ("bad-zlib.png", bare_png(64, 64, body=b"not zlib at all"), "damaged", 422),
        *tiffs.refused(),
    ]


def flipped(content):
    """The same file with one altered byte in the middle of its picture."""
    middle = len(content) // 2
    return content[:middle] + bytes([content[middle] ^ 255]) + content[middle + 1 :]


def accepted():
    """name, content: strange, but a picture; what hangs on it must be gone afterwards."""
    return [
        ("plain.jpg", jpeg()),
        ("plain.png", png()),
        ("wrong-extension.png", jpeg()),
        ("wrong-extension.pdf", png()),
        ("no-extension", jpeg()),
        ("jpeg-then-html.html", jpeg() + HTML),
        ("jpeg-then-zip.zip", jpeg() + archive()),
        ("png-then-php.php", png() + b"<?php system($_GET[0]); ?>"),
        ("exif-place.jpg", with_exif()),
        ("turned.jpg", with_exif(turn=6)),
        ("notes.png", with_text()),
        ("palette.png", encoded(picture(mode="P"), "PNG")),
        ("see-through.png", encoded(picture(mode="RGBA"), "PNG")),
        ("progressive.jpg", encoded(picture(), "JPEG", progressive=True)),
        ("broken-exif.jpg", broken_exif()),
        ("exif-bomb.jpg", exif_bomb()),
        ("text-bomb.png", text_bomb()),
        ("huge-texts.png", huge_texts()),
        ("huge-profile.jpg", encoded(picture(), "JPEG", icc_profile=HUGE)),
        ("huge-profile.png", encoded(picture(), "PNG", icc_profile=HUGE)),
        ("photo-with-film.jpg", jpeg() + np.random.default_rng(1).bytes(12_000_000)),
        *tiffs.accepted(),
    ]


def broken_exif():
    whole = jpeg()
    body = b"Exif\0\0II*\0\xff\xff\xff\xff\xff\xff"
    return whole[:2] + b"\xff\xe1" + struct.pack(">H", len(body) + 2) + body + whole[2:]


NAMES = {
    "../../etc/passwd.jpg": "passwd.jpg",
    "..\\..\\windows\\x.jpg": "x.jpg",
    "/abs/olute.jpg": "olute.jpg",
    "nul\0byte.jpg": "nulbyte.jpg",
    "new\r\nline.jpg": "newline.jpg",
    "x" * 255 + ".jpg": "x" * 255,
    "مسحة الدم.jpg": "مسحة الدم.jpg",
    "photo\u202egpj.exe": "photogpj.exe",
    "血液 🩸.jpg": "血液 🩸.jpg",
    "<script>alert(1)</script>.jpg": "script>.jpg",
    "'; DROP TABLE x; --.jpg": "'; DROP TABLE x; --.jpg",
    "   ": "unnamed",
    "": "unnamed",
}
