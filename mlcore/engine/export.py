"""From a trained network to the bytes of a bundle: half-precision weights, LiteRT in fp32 and int8."""

from __future__ import annotations

import sys
import tempfile
from collections.abc import Iterator
from contextlib import redirect_stdout
from pathlib import Path
from typing import Any

import h5py
import keras
import numpy as np
import tensorflow as tf
from numpy.typing import NDArray

from mlcore.engine.bundle import WEIGHTS
from mlcore.engine.contracts import Image
from mlcore.engine.head import Head
from mlcore.engine.network import BASE
from mlcore.engine.preprocess import to_tensor


def halve(network: keras.Model) -> None:
    """Round every weight to half precision, so that the stored file and all networks made of it agree."""
    network.set_weights([w.astype(np.float16).astype(np.float32) for w in network.get_weights()])


def stored_weights(network: keras.Model) -> bytes:
    """Return the Keras weights as an HDF5 file in half precision (Keras widens them on loading)."""
    with tempfile.TemporaryDirectory() as folder:
        wide, narrow = Path(folder) / WEIGHTS, Path(folder) / "narrow.weights.h5"
        network.save_weights(wide)
        with h5py.File(wide, "r") as source, h5py.File(narrow, "w") as target:
            target.attrs.update(source.attrs)

            def copy(name: str, item: Any) -> None:
                # What the optimiser remembers would triple the file and serves nobody who starts from it.
                if name.startswith("optimizer"):
                    return
                if isinstance(item, h5py.Dataset):
                    values = item[()]
                    half = values.astype(np.float16) if values.dtype == np.float32 else values
                    target.create_dataset(name, data=half, compression="gzip" if half.ndim else None)
                else:
                    target.require_group(name)
                target[name].attrs.update(item.attrs)

            source.visititems(copy)
        return narrow.read_bytes()


def trunk(network: keras.Model) -> keras.Model:
    """Return the part of a cell reader that is served by LiteRT: from the cell to its last feature map."""
    cell = keras.Input(network.input_shape[1:], name="cell")
    return keras.Model(cell, network.get_layer(BASE)(cell, training=False))


def head_of(network: keras.Model) -> Head:
    """Return the linear head of a cell reader, shaped like the features it works on."""
    kernel, bias = network.get_layer("classes").get_weights()
    features = network.get_layer(BASE).output_shape[1:]
    pooled = kernel.shape[0] == features[-1]
    return Head(kernel if pooled else kernel.reshape(*features, -1), bias)


def lite(network: keras.Model, examples: Image | None = None) -> bytes:
    """Return the network for LiteRT: as it is, or in int8 where ``examples`` are given.

    ``examples`` are ``uint8`` crops (n, size, size, 3) that show the range of every layer's values.
    Inputs and outputs stay float32 either way, so both networks are served alike.
    """
    # A fixed batch of one: LiteRT plans its memory once and never again.
    cell = keras.Input(batch_shape=(1, *network.input_shape[1:]), name="cell")
    converter = tf.lite.TFLiteConverter.from_keras_model(keras.Model(cell, network(cell)))
    if examples is not None:
        converter.optimizations = [tf.lite.Optimize.DEFAULT]
        converter.representative_dataset = lambda: _representative(examples)
        converter.target_spec.supported_ops = [tf.lite.OpsSet.TFLITE_BUILTINS_INT8]
    # What Keras prints of the folder that it exports to is no sentence for whoever follows a training.
    with redirect_stdout(sys.stderr):
        result: bytes = converter.convert()
    return result


def _representative(examples: Image) -> Iterator[list[NDArray[np.float32]]]:
    for crop in examples:
        yield [to_tensor(crop)[None]]
