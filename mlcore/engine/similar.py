"""The verified cells that look most like a given one, by their embeddings; no picture is kept."""

from __future__ import annotations

import io
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from mlcore.engine.errors import BundleError

Floats = NDArray[np.float32]


@dataclass(frozen=True, slots=True)
class Neighbour:
    """One verified cell: its class, what names it (a path or an identifier), cosine similarity -1..1."""

    label: str
    name: str
    similarity: float


@dataclass(frozen=True, slots=True)
class References:
    """Verified cells: ``vectors`` (n, channels), their ``labels`` and ``names``, each of length n.

    A laboratory makes its own from the cells that its people verified; a bundle brings those it was
    trained with, so that a new laboratory does not begin with none.
    """

    vectors: Floats
    labels: tuple[str, ...]
    names: tuple[str, ...]

    def nearest(self, embedding: Floats, count: int = 5) -> tuple[Neighbour, ...]:
        """Return the ``count`` cells whose embeddings point most nearly in the same direction."""
        if not self.labels:
            return ()
        length = np.linalg.norm(self.vectors, axis=1) * np.linalg.norm(embedding)
        alike = (self.vectors @ embedding) / np.maximum(length, 1e-9)
        order = np.argsort(-alike, kind="stable")[:count]
        return tuple(Neighbour(self.labels[row], self.names[row], float(alike[row])) for row in order)

    def to_bytes(self) -> bytes:
        """Return the cells as the bytes of an ``npz`` file, their embeddings in half precision."""
        buffer = io.BytesIO()
        np.savez_compressed(
            buffer,
            vectors=self.vectors.astype(np.float16),
            labels=np.asarray(self.labels),
            names=np.asarray(self.names),
        )
        return buffer.getvalue()


def references_from(data: bytes) -> References:
    """Return the cells in the bytes of an ``npz`` file; raises ``BundleError`` if that is none."""
    try:
        with np.load(io.BytesIO(data), allow_pickle=False) as arrays:
            vectors = arrays["vectors"].astype(np.float32)
            return References(vectors, tuple(arrays["labels"].tolist()), tuple(arrays["names"].tolist()))
    except (ValueError, KeyError, OSError, EOFError) as error:
        raise BundleError(f"The reference cells of the bundle cannot be read: {error}") from error
