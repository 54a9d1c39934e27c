"""What the frozen base makes of each cell, computed once and kept by hash: the head learns from that alone.

The features come from the network file that is served, so what a head learns from is what it will see.
"""

from __future__ import annotations

import hashlib
import io
import json
import shutil
import time
from collections.abc import Iterator, Sequence
from concurrent.futures import ProcessPoolExecutor
from dataclasses import asdict, dataclass
from functools import partial
from itertools import islice
from pathlib import Path

import numpy as np

from mlcore.engine.crops import Finder, code_hash, cut_cell
from mlcore.engine.head import Floats, embedding
from mlcore.engine.manifest import Record
from mlcore.engine.prepared import say
from mlcore.engine.preprocess import CropSettings, to_tensor
from mlcore.engine.runtime import LiteNetwork, views_of

# So many cells are kept together, and so many at most are lost when the process is killed.
SHARD = 512
# Each base and way of cutting has a folder of its own; the ones least lately used go.
FOLDERS = 4


@dataclass(frozen=True, slots=True)
class Base:
    """A frozen base as it is served: its network file, and how cells are found and cut for it."""

    network: bytes
    crop: CropSettings
    finder: Finder

    @property
    def key(self) -> str:
        """A name for everything that decides what the features of a picture are."""
        told = {
            "network": hashlib.sha256(self.network).hexdigest(),
            "crop": asdict(self.crop),
            "locator": [hashlib.sha256(self.finder.model).hexdigest(), self.finder.settings.describe()],
            "code": code_hash(),
        }
        return hashlib.sha256(json.dumps(told, sort_keys=True).encode()).hexdigest()[:16]


class FeatureStore:
    """Embeddings of cells, (views, channels) for each, below ``folder``; None where no cell was found."""

    def __init__(self, folder: Path, base: Base, *, views: int = 1, processes: int = 1) -> None:
        self._folder = folder / f"{base.key}-{views}"
        self._base, self._views, self._processes = base, views, processes
        _make_room(folder, self._folder)
        self._known: dict[str, Floats | None] = {}
        for shard in sorted(self._folder.glob("*.npz")):
            self._known |= _unpacked(shard)

    def of(self, root: Path, records: Sequence[Record]) -> list[Floats | None]:
        """Return the embeddings of each record's cell, reading only pictures not seen before."""
        names = [cell_name(record) for record in records]
        missing = {n: r for n, r in zip(names, records, strict=True) if n not in self._known}
        if missing:
            self._compute(root, missing)
        return [self._known[name] for name in names]

    def _compute(self, root: Path, missing: dict[str, Record]) -> None:
        say(f"{len(missing)} pictures are shown to the frozen base; the result is kept for later trainings.")
        began, done = time.monotonic(), 0
        with ProcessPoolExecutor(self._processes, initializer=_load, initargs=(self._base,)) as pool:
            task = partial(_embed, root=root, views=self._views)
            found = zip(missing, pool.map(task, missing.values(), chunksize=16), strict=True)
            while shard := dict(islice(found, SHARD)):
                self._keep(shard)
                done += len(shard)
                left = (time.monotonic() - began) / done * (len(missing) - done)
                told = {"stage": "features", "pictures": done, "of_pictures": len(missing)}
                say(json.dumps({**told, "seconds_left": round(left)}))

    def _keep(self, shard: dict[str, Floats | None]) -> None:
        data = _packed(shard)
        path = self._folder / f"{hashlib.sha256(data).hexdigest()[:24]}.npz"
        draft = path.with_suffix(".draft")
        draft.write_bytes(data)
        draft.replace(path)
        self._known |= shard


def cell_name(record: Record) -> str:
    """Return what names a record's cell: its picture's hash and, where they were drawn, its boxes."""
    corners = ((box.x0, box.y0, box.x1, box.y1) for box in record.boxes)
    return ":".join((record.sha256, *(",".join(map(str, one)) for one in corners)))


# One for each process of a pool, since a network takes longer to load than to use.
_loaded: list[tuple[Base, LiteNetwork]] = []


def _load(base: Base) -> None:
    _loaded[:] = [(base, LiteNetwork(base.network))]


def _embed(record: Record, root: Path, views: int) -> Floats | None:
    base, network = _loaded[0]
    crop = cut_cell(root, record, base.crop, base.finder)
    if crop is None:
        return None
    return np.stack([embedding(one) for one in network.features(to_tensor(views_of(crop, views)))])


def _packed(shard: dict[str, Floats | None]) -> bytes:
    """Return the bytes of an ``npz`` file; a picture without a cell has a name and no vectors."""
    buffer = io.BytesIO()
    found = {name: vectors for name, vectors in shard.items() if vectors is not None}
    stacked = np.stack(list(found.values())) if found else np.zeros((0, 1, 1), np.float32)
    empty = [name for name in shard if name not in found]
    np.savez(
        buffer, names=np.asarray(list(found), dtype=str), vectors=stacked, empty=np.asarray(empty, dtype=str)
    )
    return buffer.getvalue()


def _unpacked(path: Path) -> dict[str, Floats | None]:
    with np.load(path, allow_pickle=False) as data:
        known: dict[str, Floats | None] = dict.fromkeys(data["empty"].tolist())
        known |= dict(zip(data["names"].tolist(), data["vectors"], strict=True))
    return known


def _make_room(folder: Path, own: Path) -> None:
    own.mkdir(parents=True, exist_ok=True)
    own.touch()
    for old in _by_use(folder)[FOLDERS:]:
        shutil.rmtree(old, ignore_errors=True)


def _by_use(folder: Path) -> list[Path]:
    kept: Iterator[Path] = (entry for entry in folder.iterdir() if entry.is_dir())
    return sorted(kept, key=lambda entry: entry.stat().st_mtime, reverse=True)
