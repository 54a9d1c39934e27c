"""From the network's last features to classes: what each place says for each class, and their sum.

A linear head on averaged features is the average of a linear head on every place (Zhou et al. 2016), so
the class activation map costs one small product, and neither a gradient nor a training library.
"""

from __future__ import annotations

import io
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from mlcore.engine.errors import BundleError

Floats = NDArray[np.float32]


@dataclass(frozen=True, slots=True)
class Head:
    """``kernel`` (channels, classes) on averaged features, or (h, w, channels, classes) on flattened ones."""

    kernel: Floats
    bias: Floats

    @property
    def classes(self) -> int:
        """How many classes it tells apart."""
        return int(self.bias.shape[0])

    def logits(self, features: Floats) -> Floats:
        """Return logits (classes,) for one feature map (h, w, channels)."""
        if self.kernel.ndim == 2:
            return embedding(features) @ self.kernel + self.bias
        return features.reshape(-1) @ self.kernel.reshape(-1, self.classes) + self.bias

    def activation(self, features: Floats) -> Floats:
        """Return what each place adds to each class, (h, w, classes): in sum the logits less the bias."""
        if self.kernel.ndim == 2:
            return (features @ self.kernel) / np.float32(features.shape[0] * features.shape[1])
        result: Floats = np.einsum("hwk,hwkc->hwc", features, self.kernel)
        return result

    def to_bytes(self) -> bytes:
        """Return the head as the bytes of an ``npz`` file, which holds numbers and no code."""
        buffer = io.BytesIO()
        np.savez(buffer, kernel=self.kernel, bias=self.bias)
        return buffer.getvalue()


def embedding(features: Floats) -> Floats:
    """Return the average over all places, (channels,), of one feature map (h, w, channels)."""
    result: Floats = features.mean(axis=(0, 1))
    return result


def head_from(data: bytes) -> Head:
    """Return the head in the bytes of an ``npz`` file; raises ``BundleError`` if that is none."""
    try:
        with np.load(io.BytesIO(data), allow_pickle=False) as arrays:
            return Head(arrays["kernel"], arrays["bias"])
    except (ValueError, KeyError, OSError, EOFError) as error:
        raise BundleError(f"The head of the bundle cannot be read: {error}") from error
