"""Cells cut out once and kept as arrays, so that training never decodes a picture twice."""

from __future__ import annotations

import hashlib
import json
from concurrent.futures import ProcessPoolExecutor
from dataclasses import asdict, dataclass
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from mlcore.engine.contracts import Box, Image
from mlcore.engine.images import read_image
from mlcore.engine.locate import StainLocator
from mlcore.engine.manifest import Record
from mlcore.engine.preprocess import CropSettings, crop_cell
from mlcore.engine.stain import thumbnail

# Room around the crop for rotation, shift and scale: the network's view is the middle of it.
MARGIN = 1.3


@dataclass(frozen=True, slots=True)
class CropSet:
    """One crop for each record: ``pixels`` (n, side, side, 3) uint8, ``light`` (n, 3) background colours."""

    pixels: Image
    light: NDArray[np.float32]
    boxes: tuple[Box, ...]


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


def cell_box(image: Image, record: Record, locator: StainLocator) -> Box:
    """Return the cell that a record's class is about: the drawn box if there is exactly one."""
    if len(record.boxes) == 1:
        return record.boxes[0]
    if record.source == "pbc":
        return locator.locate_single(image)
    found = locator.locate(image)
    return found[0] if found else locator.locate_single(image)


def _cut(task: tuple[Path, Record, CropSettings]) -> tuple[Image, NDArray[np.float32], Box]:
    base, record, settings = task
    image = read_image(base / record.path)
    locator = StainLocator()
    light = thumbnail(image, locator.settings.working_size).background
    box = cell_box(image, record, locator)
    return crop_cell(image, box, light, settings), light, box


def cut_all(base: Path, records: list[Record], settings: CropSettings, *, processes: int = 2) -> CropSet:
    """Cut every record's cell out of its picture."""
    tasks = [(base, record, settings) for record in records]
    with ProcessPoolExecutor(processes) as pool:
        cells = list(pool.map(_cut, tasks, chunksize=64))
    pixels = np.stack([cell[0] for cell in cells])
    return CropSet(pixels, np.stack([cell[1] for cell in cells]), tuple(cell[2] for cell in cells))


def cached(base: Path, records: list[Record], settings: CropSettings, cache: Path) -> CropSet:
    """Return the crops from ``cache`` if it was made from the same files and settings, else make it."""
    key = {"settings": asdict(settings), "files": [record.sha256 for record in records], "code": _code_hash()}
    index, arrays = cache / "crops.json", cache / "crops.npz"
    if index.exists() and arrays.exists():
        stored = json.loads(index.read_text())
        if stored["key"] == key:
            with np.load(arrays) as data:
                boxes = tuple(Box(*row) for row in stored["boxes"])
                return CropSet(data["pixels"], data["light"], boxes)
    crops = cut_all(base, records, settings)
    cache.mkdir(parents=True, exist_ok=True)
    temporary = cache / "crops.partial.npz"
    np.savez(temporary, pixels=crops.pixels, light=crops.light)
    temporary.replace(arrays)
    boxes_json = [[box.x0, box.y0, box.x1, box.y1] for box in crops.boxes]
    index.write_text(json.dumps({"key": key, "boxes": boxes_json}))
    return crops


def _code_hash() -> str:
    """Hash of the files that decide what a crop looks like: changing them makes the cache stale."""
    here = Path(__file__).parent
    names = ("stain.py", "locate.py", "preprocess.py", "crops.py")
    return hashlib.sha256(b"".join((here / name).read_bytes() for name in names)).hexdigest()
