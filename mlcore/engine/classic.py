"""The widespread recipe, kept as the baseline that every model here has to beat.

Frozen ImageNet base on the whole field squeezed to 224x224, Flatten, Dropout, Dense softmax, Adam, five
epochs, no augmentation. Since the base never changes, its features are computed once.
"""

from __future__ import annotations

from collections.abc import Callable

import keras
import numpy as np
from numpy.typing import NDArray

from mlcore.engine import network as networks
from mlcore.engine.contracts import Image
from mlcore.engine.preprocess import CropSettings, to_tensor
from mlcore.engine.progress import progress
from mlcore.engine.sampling import Examples

SETTINGS = CropSettings(size=224, whole=True)
EPOCHS = 5


def train_classic_head(
    examples: Examples, classes: int, start: str, seed: int, *, say: Callable[[str], None]
) -> keras.Model:
    """Return the trained network; ``examples.pixels`` are whole fields (n, 224, 224, 3) ``uint8``."""
    keras.utils.set_random_seed(seed)
    network = networks.build_classic(SETTINGS.size, classes)
    networks.load_start(network, start)
    features = _features(network.get_layer("mobilenet_v2"), examples.pixels)
    head = keras.Sequential([keras.Input(features.shape[1:]), *network.layers[2:]])
    head.compile(
        optimizer=keras.optimizers.Adam(1e-3),
        loss=keras.losses.SparseCategoricalCrossentropy(from_logits=True),
        metrics=["accuracy"],
    )
    head.fit(
        features,
        examples.targets,
        batch_size=32,
        epochs=EPOCHS,
        verbose=0,
        callbacks=[progress("classic", EPOCHS, say)],
    )
    return network


def _features(base: keras.Model, fields: Image) -> NDArray[np.float16]:
    """Return the base's features in half precision: ten thousand fields take 1.2 GB."""
    parts = []
    for start in range(0, len(fields), 64):
        part = base.predict_on_batch(to_tensor(fields[start : start + 64]))
        parts.append(np.asarray(part, dtype=np.float16))
    return np.concatenate(parts)
