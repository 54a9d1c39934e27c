"""Cells cut out once and kept as arrays, so that training never decodes a picture twice."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Mapping
from concurrent.futures import ProcessPoolExecutor
from dataclasses import asdict, dataclass
from functools import cache, partial
from pathlib import Path
from typing import Any

import numpy as np

from mlcore.engine.contracts import Box, Image
from mlcore.engine.images import read_image
from mlcore.engine.locate import CellLocator, LocatorSettings
from mlcore.engine.manifest import Record
from mlcore.engine.preprocess import CropSettings, crop_cell
from mlcore.engine.stain import thumbnail

# Room around the crop for rotation, shift and scale: the network's view is the middle of it.
MARGIN = 1.3


@dataclass(frozen=True, slots=True)
class Finder:
    """The locator whose boxes the cells are cut by: its network, as bytes, and its settings."""

    model: bytes
    settings: LocatorSettings

    def locator(self) -> CellLocator:
        """Return the locator, ready to use in this process."""
        return CellLocator(self.model, self.settings)


def finder_of(told: Mapping[str, Any], files: Mapping[str, bytes]) -> Finder:
    """Return what a manifest's ``locator`` describes, its network taken from the bundle's ``files``."""
    settings = {name: value for name, value in told.items() if name != "file"}
    return Finder(files[told["file"]], LocatorSettings(**settings))


@dataclass(frozen=True, slots=True)
class CropSet:
    """The crops of those records in which a cell was found.

    ``pixels`` is (n, side, side, 3) uint8; ``rows`` says of which record each crop is, as its number among
    the records asked for.
    """

    pixels: Image
    rows: tuple[int, ...]


def roomy(settings: CropSettings) -> CropSettings:
    """Return the settings of a cached crop: the same cell at the same scale with more around it."""
    return CropSettings(
        size=round(settings.size * MARGIN),
        context=settings.context * MARGIN,
        smallest_side=settings.smallest_side * MARGIN,
        background=settings.background,
        least_gain=settings.least_gain,
        most_gain=settings.most_gain,
    )


def cell_box(image: Image, record: Record, locator: CellLocator) -> Box | None:
    """Return the cell that a record's class is about: the one drawn box, else the found one."""
    if len(record.boxes) == 1:
        return record.boxes[0]
    found = locator.locate_single(image)
    return found.box if found else None


def cut_cell(base: Path, record: Record, settings: CropSettings, finder: Finder) -> Image | None:
    """Return the cell of a record below ``base`` as serving would see it, or None where none is found."""
    image = read_image(base / record.path)
    if settings.whole:
        return crop_cell(image, Box(0, 0, 1, 1), np.ones(3, np.float32), settings)
    box = cell_box(image, record, _locator(finder))
    light = thumbnail(image, finder.settings.size).background
    return crop_cell(image, box, light, settings) if box else None


def _cut(task: tuple[Path, Record], settings: CropSettings, finder: Finder) -> Image | None:
    base, record = task
    return cut_cell(base, record, settings, finder)


@cache
def _locator(finder: Finder) -> CellLocator:
    """One for each process that cuts, since a locator takes longer to load than to use."""
    return finder.locator()


def cut_all(
    base: Path, records: list[Record], settings: CropSettings, finder: Finder, *, processes: int = 2
) -> CropSet:
    """Cut every record's cell out of its picture; a record without any cell is left out."""
    tasks = [(base, record) for record in records]
    with ProcessPoolExecutor(processes) as pool:
        cells = list(pool.map(partial(_cut, settings=settings, finder=finder), tasks, chunksize=64))
    found = [(row, cell) for row, cell in enumerate(cells) if cell is not None]
    empty = np.zeros((0, settings.size, settings.size, 3), dtype=np.uint8)
    pixels = np.stack([cell for _row, cell in found]) if found else empty
    return CropSet(pixels, tuple(row for row, _cell in found))


def cached(
    base: Path, records: list[Record], settings: CropSettings, finder: Finder, folder: Path
) -> CropSet:
    """Return the crops from ``folder`` if it was made from the same files and settings, else make it."""
    key = {
        "settings": asdict(settings),
        "files": [[record.sha256, *map(str, record.boxes)] for record in records],
        "locator": [hashlib.sha256(finder.model).hexdigest(), finder.settings.describe()],
        "code": code_hash(),
    }
    index, arrays = folder / "crops.json", folder / "crops.npy"
    if index.exists() and arrays.exists():
        stored = json.loads(index.read_text())
        if stored["key"] == key:
            return CropSet(np.load(arrays), tuple(stored["rows"]))
    crops = cut_all(base, records, settings, finder)
    folder.mkdir(parents=True, exist_ok=True)
    index.unlink(missing_ok=True)
    np.save(arrays, crops.pixels)
    # The index comes last and whole: it says that the crops are all there.
    draft = folder / "crops.draft"
    draft.write_text(json.dumps({"key": key, "rows": crops.rows}))
    draft.replace(index)
    return crops


def code_hash() -> str:
    """Hash of the files that decide what a crop looks like: changing them makes the cache stale."""
    here = Path(__file__).parent
    names = ("stain.py", "locate.py", "preprocess.py", "crops.py")
    return hashlib.sha256(b"".join((here / name).read_bytes() for name in names)).hexdigest()
