"""How fast is reading one cell and one field, against the bare network and against Keras?

Usage: HEMATOVISION_DATA=... .venv/bin/python bench/engine.py [--keras]
Everything is measured in one run; times are medians of processor milliseconds over all threads, so that
other work on the machine disturbs little.
"""

import argparse
import os
import statistics
import time
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

import numpy as np

from mlcore.engine.bundle import FULL, SHIPPED_BUNDLE, SMALL, Bundle, read_bundle
from mlcore.engine.images import read_image
from mlcore.engine.locate import StainLocator
from mlcore.engine.manifest import data_root, pictures
from mlcore.engine.runtime import LiteNetwork, load_predictor


def median(work: Callable[[Any], Any], inputs: Sequence[Any]) -> float:
    """Return the median processor time of ``work`` over ``inputs`` in milliseconds, after a warm-up."""
    for item in inputs[:5]:
        work(item)
    times = []
    for item in inputs:
        began = time.process_time()
        work(item)
        times.append(1000 * (time.process_time() - began))
    return statistics.median(times)


def memory() -> float:
    """Return the resident memory of this process in megabytes."""
    status = Path("/proc/self/status").read_text()
    return int(status.split("VmRSS:")[1].split()[0]) / 1000


def main() -> None:
    """Print the table."""
    parser = argparse.ArgumentParser()
    parser.add_argument(
        "--keras", action="store_true", help="also measure Keras, which takes a minute to load"
    )
    chosen = parser.parse_args()
    root = data_root()
    if root is None:
        raise SystemExit("Name the real image sets in HEMATOVISION_DATA.")
    small = [read_image(path) for path in pictures(root / "kaggle-bccd" / "TRAIN" / "NEUTROPHIL")[:100]]
    large = [read_image(path) for path in pictures(root / "bccd" / "images")[:60]]
    bundle = read_bundle(SHIPPED_BUNDLE)
    size = bundle.manifest["preprocessing"]["size"]
    tensors = list(np.random.default_rng(0).uniform(-1, 1, (60, 1, size, size, 3)).astype(np.float32))
    print(f"load {os.getloadavg()[0]:.1f}, {os.cpu_count()} cores, serving {bundle.manifest['serving']}")
    locator = StainLocator()
    print(f"locate, 320x240         {median(locator.locate, small):7.2f} ms")
    print(f"locate, 640x480         {median(locator.locate, large):7.2f} ms")
    for threads in (1, 2):
        for name in (FULL, SMALL):
            network = LiteNetwork(bundle.contents[name], threads=threads)
            print(f"bare {name:19} {median(network.logits, tensors):6.2f} ms, {threads} thread(s)")
        predictor = load_predictor(SHIPPED_BUNDLE, threads=threads)
        print(f"whole field 320x240     {median(predictor.predict, small):7.2f} ms, {threads} thread(s)")
        print(f"whole field 640x480     {median(predictor.predict, large):7.2f} ms, {threads} thread(s)")
    print(f"memory of this process  {memory():7.0f} MB")
    if chosen.keras:
        bench_keras(bundle, size, tensors)


def bench_keras(bundle: Bundle, size: int, tensors: Sequence[Any]) -> None:
    """Print what the same network costs in Keras."""
    import tensorflow as tf  # noqa: PLC0415 -- takes 600 MB, so only when asked for

    from mlcore.engine.network import build, load_start  # noqa: PLC0415 -- as above

    network = build(size, len(bundle.labels))
    load_start(network, str(SHIPPED_BUNDLE))
    compiled = tf.function(lambda cell: network(cell, training=False))
    print(f"Keras, compiled         {median(compiled, tensors):7.2f} ms")
    print(f"Keras, predict          {median(lambda c: network.predict(c, verbose=0), tensors[:20]):7.2f} ms")
    print(f"memory of this process  {memory():7.0f} MB")


if __name__ == "__main__":
    main()
