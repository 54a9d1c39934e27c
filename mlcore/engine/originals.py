"""Which pictures of a test folder show the same original, so that intervals count originals, not copies."""

from __future__ import annotations

from collections.abc import Sequence
from concurrent.futures import ProcessPoolExecutor
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from mlcore.engine.dataset import clusters, near_duplicates
from mlcore.engine.errors import DataError, UnreadableImageError
from mlcore.engine.fingerprint import WIDTH, distances, fingerprint
from mlcore.engine.images import read_image
from mlcore.engine.manifest import Record, class_folders


def group_plain(base: Path, records: Sequence[Record]) -> list[int]:
    """Return a group for each picture; only the same field in another size or format is joined."""
    return near_duplicates(records, _fingerprints(base, records))


def group_by_originals(base: Path, records: Sequence[Record], originals: Path) -> list[int]:
    """Return for each turned copy the number of its original in ``originals``, which has the same class.

    Copies are clustered first and each cluster goes to the original it is nearest to on average, since a
    cluster is recognised more surely than one copy of which half is beyond the edge.
    """
    plain = list(class_folders(originals, "originals", originals))
    if {record.label for record in records} - {record.label for record in plain}:
        raise DataError(f"{originals} lacks originals of some class that {base} has.")
    copies, sources = _fingerprints(base, records), _fingerprints(originals, plain)
    everything = np.concatenate([copies, sources])
    numbers = [-1] * len(records)
    for label in {record.label for record in records}:
        rows = np.asarray([row for row, record in enumerate(records) if record.label == label])
        candidates = np.asarray([row for row, record in enumerate(plain) if record.label == label])
        gaps = distances(copies[rows], sources[candidates], everything)
        for members in clusters(np.arange(len(rows)), copies[rows], everything):
            nearest = int(candidates[gaps[members].mean(axis=0).argmin()])
            for member in members:
                numbers[int(rows[member])] = nearest
    return numbers


def _fingerprints(base: Path, records: Sequence[Record]) -> NDArray[np.float32]:
    with ProcessPoolExecutor(2) as pool:
        return np.stack(list(pool.map(_print_or_nothing, [base / r.path for r in records], chunksize=32)))


def _print_or_nothing(path: Path) -> NDArray[np.float32]:
    """A picture that cannot be read is reported by the evaluation itself; here it stands alone."""
    try:
        return fingerprint(read_image(path))
    except UnreadableImageError:
        return np.zeros(WIDTH, dtype=np.float32)
