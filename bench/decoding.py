"""What does it cost to decode uploads in a process of their own?

Decodes the same files in turn in this process and in a decoder (``predictions.decoding``), and prints the
median and the least of both, the median of what the pairs differ by, what starting a decoder takes, and its
memory. On a busy machine the least says most. The files are made of a real smear: as it came, and enlarged as
JPEG and as PNG.

Usage: .venv/bin/python bench/decoding.py [PAIRS]
"""

import io
import statistics
import sys
import time
from collections.abc import Iterator
from pathlib import Path

from PIL import Image
from serve import ROOT

sys.path.insert(0, str(ROOT))
from mlcore.engine.manifest import data_root
from predictions.decoding.decode import decode
from predictions.decoding.process import Decoder, Limits

LIMITS = Limits(512 * 1024 * 1024, 30, 24_000_000)


def main(pairs: int = 40) -> None:
    """Measure and print."""
    starts = []
    for _ in range(5):
        began = time.perf_counter()
        decoder = Decoder(LIMITS)
        starts.append(time.perf_counter() - began)
        decoder.close()
    decoder = Decoder(LIMITS)
    print(f"start: {statistics.median(starts) * 1000:.0f} ms; memory when ready: {memory(decoder)}")
    print("| file | bytes | here, ms (least) | decoder, ms (least) | more, ms | memory of the decoder |")
    print("|---|--:|--:|--:|--:|---|")
    for name, content, times in files(pairs):
        here: list[float] = []
        there: list[float] = []
        runs = [
            (here, lambda content=content: decode(content, max_pixels=LIMITS.max_pixels)),
            (there, lambda content=content: decoder.ask(content)),
        ]
        for turn in range(times):
            # In turn first and second, as what else the machine does changes from moment to moment.
            for taken, run in runs[:: 1 if turn % 2 else -1]:
                began = time.perf_counter()
                run()
                taken.append(time.perf_counter() - began)
        more = statistics.median(b - a for a, b in zip(here, there, strict=True)) * 1000
        told = " | ".join(
            f"{statistics.median(each) * 1000:.1f} ({min(each) * 1000:.1f})" for each in (here, there)
        )
        print(f"| {name} | {len(content):,} | {told} | {more:.1f} | {memory(decoder)} |")
    decoder.close()


def files(pairs: int) -> Iterator[tuple[str, bytes, int]]:
    """Return name, bytes and number of runs of each file."""
    root = data_root()
    assert root, "HEMATOVISION_DATA names no folder with the image sets."
    smear = min((root / "bccd").rglob("*.jpg"))
    whole = Image.open(smear).convert("RGB")
    yield f"{whole.width} x {whole.height} JPEG", smear.read_bytes(), pairs
    for width, height, kind, times in ((1600, 1200, "JPEG", pairs), (5656, 4242, "PNG", max(3, pairs // 10))):
        buffer = io.BytesIO()
        whole.resize((width, height), Image.Resampling.BICUBIC).save(buffer, kind)
        yield f"{width} x {height} {kind}", buffer.getvalue(), times


def memory(decoder: Decoder) -> str:
    """Return the memory of the decoder now, its highest, and its highest address space, in MB."""
    text = Path(f"/proc/{decoder.pid}/status").read_text()
    values = dict(line.split(":") for line in text.splitlines() if line.startswith("Vm"))
    figures = (int(values[name].split()[0]) // 1024 for name in ("VmRSS", "VmHWM", "VmPeak"))
    return "{} MB, highest {}, address space {}".format(*figures)


if __name__ == "__main__":
    main(*map(int, sys.argv[1:]))
