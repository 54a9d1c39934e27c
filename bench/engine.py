"""How fast is reading one cell and one field, against the bare network, a compiled TensorFlow and Keras?

Usage: HEMATOVISION_DATA=... .venv/bin/python bench/engine.py [--keras] [--soak 20000] [--json FILE]
Everything is measured in one run; times are medians of processor milliseconds over all threads, so that
other work on the machine disturbs little. ``--soak`` reads that many pictures and watches the memory.
"""

import argparse
import json
import os
import statistics
import time
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path
from typing import Any

import numpy as np
from ai_edge_litert.interpreter import Interpreter

from mlcore.engine.bundle import FULL, SHIPPED_BUNDLE, SMALL, Bundle, read_bundle
from mlcore.engine.contracts import Box
from mlcore.engine.images import read_image
from mlcore.engine.manifest import data_root, pictures
from mlcore.engine.preprocess import to_tensor
from mlcore.engine.runtime import LiteNetwork, LitePredictor, load_predictor

BATCHES, THREADS = (1, 16), (1, 2)
SOAK_REPORTS = 10


def median(work: Callable[[Any], Any], inputs: Sequence[Any]) -> float:
    """Return the median processor time of ``work`` over ``inputs`` in milliseconds, after a warm-up."""
    for item in inputs[:3]:
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


def bare(model: bytes, batch: int, threads: int) -> Callable[[Any], Any]:
    """Return LiteRT's own invoke on a whole batch, with nothing around it."""
    interpreter: Any = Interpreter(model_content=model, num_threads=threads)
    place = interpreter.get_input_details()[0]
    interpreter.resize_tensor_input(place["index"], [batch, *place["shape"][1:]])
    interpreter.allocate_tensors()

    def invoke(tensors: Any) -> None:
        interpreter.set_tensor(place["index"], tensors)
        interpreter.invoke()

    return invoke


def network_rows(bundle: Bundle, crops: Any) -> Iterator[tuple[str, float]]:
    """Yield milliseconds per cell: ours (from the crop to its feature map) and bare LiteRT, in pairs."""
    for name in (FULL, SMALL):
        for threads in THREADS:
            network = LiteNetwork(bundle.contents[name], threads=threads)
            for batch in BATCHES:
                parts = [crops[start : start + batch] for start in range(0, len(crops) - batch + 1, batch)]
                tensors = [to_tensor(part) for part in parts]
                where = f"{name}, batch {batch}, {threads} thread(s)"
                ours = median(lambda part, n=network: n.features(to_tensor(part)), parts) / batch
                theirs = median(bare(bundle.contents[name], batch, threads), tensors) / batch
                yield f"cell, ours: {where}", ours
                yield f"cell, bare: {where}", theirs
                yield f"ratio: {where}", ours / theirs


def field_rows(fields: dict[str, list[Any]]) -> Iterator[tuple[str, float]]:
    """Yield milliseconds per field of each size: finding the cells, and the whole reading."""
    for threads in THREADS:
        predictor = load_predictor(SHIPPED_BUNDLE, threads=threads)
        for size, images in fields.items():
            yield f"locate {size}, {threads} thread(s)", median(predictor.locator.locate, images)
            yield f"whole field {size}, {threads} thread(s)", median(predictor.predict, images)
    turned = load_predictor(SHIPPED_BUNDLE, views=8)
    size, images = next(iter(fields.items()))
    box = Box(80, 60, 180, 160)
    yield f"whole field {size}, 8 views, 1 thread(s)", median(turned.predict, images[:20])
    yield f"explain one cell of {size}", median(lambda image: predictor.explain(image, box), images[:20])


def keras_rows(bundle: Bundle, crops: Any) -> Iterator[tuple[str, float]]:
    """Yield milliseconds per cell for the same network compiled by TensorFlow and in Keras' ``predict``."""
    import tensorflow as tf  # noqa: PLC0415 -- takes 600 MB, so only when asked for

    from mlcore.engine.network import build, load_start  # noqa: PLC0415 -- as above

    network = build(crops.shape[1], len(bundle.labels))
    load_start(network, str(SHIPPED_BUNDLE))
    for batch in BATCHES:
        starts = range(0, len(crops) - batch + 1, batch)
        tensors = [to_tensor(crops[start : start + batch]) for start in starts]
        compiled = tf.function(lambda cell: network(cell, training=False))
        yield f"cell, compiled tf.function, batch {batch}", median(compiled, tensors) / batch
        predict = median(lambda cell: network.predict(cell, verbose=0), tensors[:20]) / batch
        yield f"cell, Keras predict, batch {batch}", predict


def soak(predictor: LitePredictor, images: Sequence[Any], count: int) -> Iterator[tuple[str, float]]:
    """Yield the memory after each tenth of ``count`` readings."""
    for number in range(count):
        predictor.predict(images[number % len(images)])
        if (number + 1) % (count // SOAK_REPORTS) == 0:
            yield f"memory after {number + 1} pictures (MB)", memory()


def main() -> None:
    """Print the table."""
    parser = argparse.ArgumentParser()
    parser.add_argument(
        "--keras", action="store_true", help="also measure Keras, which takes a minute to load"
    )
    parser.add_argument("--soak", type=int, default=0, metavar="N")
    parser.add_argument("--json", type=Path, metavar="FILE")
    chosen = parser.parse_args()
    root = data_root()
    if root is None:
        raise SystemExit("Name the real image sets in HEMATOVISION_DATA.")
    train = pictures(root / "kaggle-bccd" / "TRAIN" / "NEUTROPHIL")
    small = [read_image(path) for path in train[:100]]
    large = [read_image(path) for path in pictures(root / "bccd" / "images")[:60]]
    bundle = read_bundle(SHIPPED_BUNDLE)
    size = bundle.manifest["preprocessing"]["size"]
    crops = np.random.default_rng(0).integers(0, 256, (96, size, size, 3), dtype=np.uint8)
    rows: list[tuple[str, float]] = [("load", os.getloadavg()[0])]

    def tell(new: Iterator[tuple[str, float]]) -> None:
        for what, value in new:
            rows.append((what, value))
            print(f"{what:58} {value:8.2f}", flush=True)

    print(f"load {rows[0][1]:.1f}, {os.cpu_count()} cores, serving {bundle.manifest['serving']}; core-ms")
    if chosen.soak:
        tell(soak(load_predictor(SHIPPED_BUNDLE), [*small, *large], chosen.soak))
    tell(network_rows(bundle, crops))
    tell(field_rows({"320x240": small, "640x480": large}))
    tell(iter([("memory of this process (MB)", memory())]))
    if chosen.keras:
        tell(keras_rows(bundle, crops))
    if chosen.json:
        chosen.json.write_text(json.dumps(dict(rows), indent=1) + "\n")


if __name__ == "__main__":
    main()
