"""The decoder's process: one file after another from standard input, the answer to standard output.

Usage, by ``predictions.decoding.process`` alone: ``python -m predictions.decoding MEMORY SECONDS PIXELS``,
the bytes of address space it may take, the processor seconds for each file, the pixels a picture may have.

Before it reads the first file it gives away whatever it does not need: it can open no file and no connection,
write none, and start no process. It ends when its standard input does.
"""

from __future__ import annotations

import io
import math
import os
import resource
import sys
import time
from typing import Any, Final

from PIL import Image

from predictions.decoding.decode import decode
from predictions.decoding.refused import Refused
from predictions.decoding.wire import OUT_OF_MEMORY, receive, send

# Standard input, output and error are open; there is no number left for a fourth.
DESCRIPTORS: Final = 3
# What comes in was measured before it was sent.
MOST: Final = sys.maxsize


def main(memory: int, seconds: float, max_pixels: int) -> None:
    """Answer until nobody asks any more."""
    _rehearse(max_pixels)
    _confine(memory)
    inward, outward = sys.stdin.buffer, sys.stdout.buffer
    send(outward, {})
    while True:
        try:
            _facts, content = receive(inward, most=MOST)
        except EOFError:
            return
        _allow(seconds)
        send(outward, *_answer(content, max_pixels))


def _answer(content: bytes, max_pixels: int) -> tuple[dict[str, Any], bytes]:
    try:
        picture = decode(content, max_pixels=max_pixels)
    except Refused as refusal:
        return {"refused": refusal.code, "numbers": refusal.numbers}, b""
    facts = {"media_type": picture.media_type, "width": picture.width, "height": picture.height}
    return facts, picture.content


def _rehearse(max_pixels: int) -> None:
    """Decode a small picture of each format: what Pillow loads for it cannot be loaded later."""
    small = Image.new("RGB", (32, 32))
    for options in ({"format": "JPEG"}, {"format": "PNG"}, {"format": "TIFF", "compression": "tiff_lzw"}):
        buffer = io.BytesIO()
        small.save(buffer, **options)
        decode(buffer.getvalue(), max_pixels=max_pixels)


def _confine(memory: int) -> None:
    # What a decoder has to say of a file could be a part of the file; until here it was of the installation.
    nowhere = os.open(os.devnull, os.O_WRONLY)
    os.dup2(nowhere, sys.stderr.fileno())
    os.close(nowhere)
    limits = {
        resource.RLIMIT_AS: memory,
        resource.RLIMIT_NOFILE: DESCRIPTORS,
        resource.RLIMIT_FSIZE: 0,
        resource.RLIMIT_NPROC: 0,
        resource.RLIMIT_CORE: 0,
    }
    for what, most in limits.items():
        resource.setrlimit(what, (most, most))


def _allow(seconds: float) -> None:
    """Give the next file its processor time, so that it ends even where nobody is left to end it."""
    end = math.ceil(time.process_time() + seconds)
    resource.setrlimit(resource.RLIMIT_CPU, (end, resource.RLIM_INFINITY))


if __name__ == "__main__":
    try:
        main(int(sys.argv[1]), float(sys.argv[2]), int(sys.argv[3]))
    except MemoryError:
        sys.exit(OUT_OF_MEMORY)
