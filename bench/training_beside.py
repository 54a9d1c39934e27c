"""How fast cells are read alone and beside a training: ``python -m bench.training_beside``.

One process reads drawn cells with one thread as the inference worker does; a real training runs as the
training worker's child, held (SIGSTOP) and let go (SIGCONT) in turns, so both speeds share the minutes.
"""

from __future__ import annotations

import argparse
import contextlib
import os
import signal
import tempfile
import time
from collections.abc import Iterator
from pathlib import Path

from django.conf import settings

from mlcore.engine.bundle import SHIPPED_BUNDLE
from mlcore.engine.runtime import LitePredictor, load_predictor
from mlcore.training.child import Child
from predictions.synthetic import draw_field

LABELS = ("neutrophil", "lymphocyte", "monocyte")


def main() -> None:
    """Print cells per second alone, beside a training, and what share is left."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--rounds", type=int, default=6, help="turns of each")
    parser.add_argument("--seconds", type=float, default=5.0, help="of each turn")
    parser.add_argument("--threads", type=int, default=1, help="of the training")
    chosen = parser.parse_args()
    settings.configure(BASE_DIR=Path(__file__).resolve().parent.parent)
    predictor = load_predictor(SHIPPED_BUNDLE, threads=1)
    with tempfile.TemporaryDirectory() as folder, _training(Path(folder), chosen.threads) as group:
        told = {signal.SIGSTOP: 0.0, signal.SIGCONT: 0.0}
        for _round in range(chosen.rounds):
            for sign in told:
                os.killpg(group, sign)
                told[sign] += _cells_in(predictor, chosen.seconds) / chosen.rounds / chosen.seconds
        os.killpg(group, signal.SIGCONT)
    alone, beside = told.values()
    print(f"alone {alone:.1f} cells/s, beside a training {beside:.1f} cells/s: {beside / alone:.0%} is left")


@contextlib.contextmanager
def _training(folder: Path, threads: int) -> Iterator[int]:
    """Draw cells and train on them; yields the group of the training's processes once batches are learned."""
    for kind, label in enumerate(LABELS):
        (folder / "data" / label).mkdir(parents=True)
        for seed in range(40):
            picture = draw_field(1000 * kind + seed, labels=[label], width=224, height=224).encoded()
            (folder / "data" / label / f"{seed}.jpg").write_bytes(picture)
    options = {"--data": folder / "data", "--weights": SHIPPED_BUNDLE, "--work": folder / "work"}
    options |= {"--out": folder / "bundle", "--epochs": 200, "--recipe": "cell"}
    arguments = ["train", *(str(part) for option in options.items() for part in option)]
    with Child(arguments, threads=threads, workdir=folder / "child") as child:
        for line in child.lines():
            if '"stage": "network"' in line:
                break
        yield child.pid


def _cells_in(predictor: LitePredictor, seconds: float) -> int:
    """Return how many cells are read in so many seconds."""
    field = draw_field(7, labels=["neutrophil", "lymphocyte"], width=320, height=240).image
    until, cells = time.monotonic() + seconds, 0
    while time.monotonic() < until:
        cells += len(predictor.predict(field).cells)
    return cells


if __name__ == "__main__":
    main()
