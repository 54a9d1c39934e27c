"""From a prepared data folder to the parts of a bundle that find cells."""

from __future__ import annotations

import json
from collections.abc import Callable
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

import numpy as np

from mlcore.engine import export
from mlcore.engine.detector import examples, network, windows
from mlcore.engine.detector.choose import choose
from mlcore.engine.detector.train import DetectorSettings, fit
from mlcore.engine.locate import LocatorSettings
from mlcore.engine.prepared import Prepared

# Windows that show the range of every layer's values to the small network.
REPRESENTATIVES = 200
# The small network is three times as fast and a third as large: it serves if it costs at most this much F1,
# which is one cell of the hundred and fifty views that it is judged on.
WORTH = 0.01


@dataclass(frozen=True, slots=True)
class DetectorParts:
    """A trained locator: its LiteRT network, in int8 or full precision, and how it is used.

    ``told`` says what it was trained on and how both precisions did on validation.
    """

    served: bytes
    locator: LocatorSettings
    told: dict[str, Any]


def train_detector(
    data: Prepared, weights: str, workdir: Path, settings: DetectorSettings, say: Callable[[str], None]
) -> DetectorParts:
    """Train the locator on the drawn fields and the single cells of ``data``; goes on where it was stopped.

    ``weights`` are those of the network's trunk at the start, ``imagenet`` or a file. ``workdir`` keeps the
    state of the training; a second call with a finished one only exports.
    """
    used, kept_back = examples.usable(data)
    training = examples.load(data.root, used)
    validation = windows.judged(examples.load(data.root, kept_back), settings.size, settings.seed)
    say(f"{len(training)} pictures to learn finding cells from, {len(validation)} views to choose by.")
    trained = fit(training, validation, settings, weights, workdir=workdir, say=say)
    export.halve(trained)
    parts = network.outputs(trained)
    random = np.random.default_rng(settings.seed)
    share = windows.shares(training)
    seen = [windows.draw(training, share, settings.size, random) for _ in range(REPRESENTATIVES)]
    full = export.lite(parts)
    small = export.lite(parts, np.stack([window.pixels for window in seen]))
    chosen, f1 = choose(full, validation, settings.size)
    chosen_small, f1_small = choose(small, validation, settings.size)
    told = asdict(settings) | {
        "pictures": len(training),
        "validation_views": len(validation),
        "validation_f1": {"full": f1, "small": f1_small},
    }
    say(json.dumps({"stage": "detector", **told}))
    better = f1_small >= f1 - WORTH
    return DetectorParts(
        small if better else full,
        chosen_small if better else chosen,
        told,
    )
