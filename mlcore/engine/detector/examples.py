"""Which pictures the locator learns from, and where cells lie in them."""

from __future__ import annotations

from collections.abc import Iterator
from concurrent.futures import ProcessPoolExecutor
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from mlcore.engine.contracts import Box, Image
from mlcore.engine.dataset import TESTS
from mlcore.engine.images import read_image
from mlcore.engine.locate import NUCLEATED, PLATELET
from mlcore.engine.manifest import Record, voc_boxes, yolo_boxes
from mlcore.engine.prepared import Prepared
from mlcore.engine.stain import Thumbnail, thumbnail
from mlcore.engine.stained import LocatorSettings, StainLocator

# Pictures are kept no larger than this: a window of half a picture still fills the network's 192 pixels.
LONGEST = 320
# A drawn leukocyte of which less than this share holds nuclear dye is a red cell or an empty corner.
LEAST_NUCLEUS = 0.15
SOURCES = ("bccd", "txl-train", "pbc")
# What a picture of one cell shows beside it is stained too, but nobody said what it is.
UNKNOWN = 2
BESIDE = LocatorSettings(smallest_cell=LocatorSettings().smallest_single)


@dataclass(frozen=True, slots=True)
class Field:
    """A picture in memory with its cells.

    ``pixels`` (h, w, 3) uint8; ``boxes`` (n, 4) x0, y0, x1, y1 in its pixels; ``kinds`` (n,) 0 for a
    nucleated cell, 1 for a platelet, 2 where it is not known. ``drawn`` says that people drew all boxes, so
    that nothing else in the picture is a cell; the cells of the others are found by their stain, and their
    platelets are not known. ``laboratory`` is what the shares of the training are given to.
    """

    pixels: Image
    boxes: NDArray[np.float32]
    kinds: NDArray[np.int64]
    drawn: bool
    laboratory: str


def usable(data: Prepared) -> tuple[list[Record], list[Record]]:
    """Return the records for training and for validation (a tenth of the originals, by their hashes).

    Whatever shows a cell of a test set or of a held-out part is in neither.
    """
    closed = {
        group for record, group in zip(data.records, data.groups, strict=True) if record.source in TESTS
    }
    closed |= {data.groups[row] for row in data.parts.held_out}
    first: dict[int, str] = {}
    for record, group in zip(data.records, data.groups, strict=True):
        first[group] = min(first.get(group, record.sha256), record.sha256)
    training: list[Record] = []
    validation: list[Record] = []
    for record, group in zip(data.records, data.groups, strict=True):
        if record.source in SOURCES and group not in closed:
            (validation if int(first[group][:8], 16) % 10 == 0 else training).append(record)
    return training, validation


def load(root: Path, records: list[Record], *, processes: int = 2) -> list[Field]:
    """Read the pictures of ``records`` with their cells; pictures without any nucleus found are left out."""
    with ProcessPoolExecutor(processes) as pool:
        made = pool.map(_read, [(root, record) for record in records], chunksize=32)
        return [field for field in made if field is not None]


def _read(task: tuple[Path, Record]) -> Field | None:
    root, record = task
    image = read_image(root / record.path)
    small = thumbnail(image, LONGEST)
    drawn = record.source != "pbc"
    cells = list(_drawn(root, record, image, small) if drawn else _stained(record, image))
    if not cells and not drawn:
        return None
    boxes = np.asarray([(box.x0, box.y0, box.x1, box.y1) for box, _kind in cells], dtype=np.float32)
    kinds = np.asarray([kind for _box, kind in cells], dtype=np.int64)
    return Field(small.pixels, boxes.reshape(-1, 4) * small.scale, kinds, drawn, _laboratory(record, image))


def _drawn(root: Path, record: Record, image: Image, small: Thumbnail) -> Iterator[tuple[Box, int]]:
    """Yield the boxes that people drew, leukocytes only where there is a nucleus."""
    for box in record.boxes:
        if nuclear_share(box, small.stain, small.scale) >= LEAST_NUCLEUS:
            yield box, NUCLEATED
    path = root / record.path
    if record.source == "bccd":
        platelets = voc_boxes(path.parents[1] / "annotations" / f"{path.stem}.xml", "Platelets")
    else:
        labels = path.parents[2] / "labels" / path.parent.name / f"{path.stem}.txt"
        platelets = yolo_boxes(labels, image.shape[1], image.shape[0], wanted=2)
    yield from ((box, PLATELET) for box in platelets)


def _stained(record: Record, image: Image) -> Iterator[tuple[Box, int]]:
    """Yield the one cell of interest, found by its stain, and whatever else is stained."""
    locator = StainLocator(BESIDE)
    box = locator.locate_single(image)
    beside = locator.locate(image)
    if beside:
        yield box, PLATELET if record.label == "platelet" else NUCLEATED
        # What lies free and is small is a platelet, and so no nucleated cell; the rest may be one.
        for other in beside:
            if other != box and (_cut_off(other, image) or 3 * _area(other) > _area(box)):
                yield other, UNKNOWN


def _cut_off(box: Box, image: Image) -> bool:
    return min(box.x0, box.y0, image.shape[1] - box.x1, image.shape[0] - box.y1) <= 0


def _area(box: Box) -> int:
    return box.width * box.height


def nuclear_share(box: Box, stain: NDArray[np.float32], scale: float = 1.0) -> float:
    """Return the share of a box that holds nuclear dye, 0..1; ``scale`` is pixels of ``stain`` per pixel."""
    x0, y0 = int(box.x0 * scale), int(box.y0 * scale)
    window = stain[y0 : int(box.y1 * scale) + 1, x0 : int(box.x1 * scale) + 1]
    return float((window > 0.3).mean()) if window.size else 0.0


def _laboratory(record: Record, image: Image) -> str:
    """Name the microscope: the TXL collection took pictures from three places, told apart by their size."""
    if record.source != "txl-train":
        return record.source
    if image.shape[1] == 575:
        return "txl-575"
    return "pbc" if image.shape[1] in (360, 366) else "bccd"
