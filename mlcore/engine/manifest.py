"""What pictures there are: one record for each file of the data folder, with its hash and class."""

from __future__ import annotations

import csv
import hashlib
import os
import xml.etree.ElementTree as ET
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from PIL import Image as PillowImage

from mlcore.engine.contracts import LABELS, Box
from mlcore.engine.errors import DataError

SUFFIXES = {".jpg", ".jpeg", ".png"}

# The public sets abbreviate; everything else has to be one of our labels.
FOLDER_LABELS = {"ig": "immature_granulocyte", "immature granulocytes": "immature_granulocyte"}


@dataclass(frozen=True, slots=True)
class Record:
    """One picture: where it lies (relative to the data folder), its SHA-256, class and origin.

    ``label`` is None where the class is not known. ``boxes`` are the leukocytes that its authors drew.
    """

    path: str
    sha256: str
    label: str | None
    source: str
    boxes: tuple[Box, ...] = ()


def data_root() -> Path | None:
    """Return the data folder: ``HEMATOVISION_DATA``, else ``../shared/data``; None without either."""
    named = os.environ.get("HEMATOVISION_DATA")
    candidate = Path(named) if named else Path(__file__).parents[2].parent / "shared" / "data"
    return candidate if candidate.is_dir() else None


def label_of_folder(name: str) -> str:
    """Return the class that a folder's name stands for; raises ``DataError`` for an unknown one."""
    plain = name.strip().lower().replace("-", "_")
    for candidate in (plain, FOLDER_LABELS.get(plain, ""), plain.replace(" ", "_"), plain.removesuffix("s")):
        if candidate in LABELS:
            return candidate
    raise DataError(f"The folder “{name}” is none of the known classes: {', '.join(LABELS)}.")


def pictures(folder: Path) -> list[Path]:
    """Return the JPEG and PNG files directly inside ``folder``, by name."""
    return sorted(path for path in folder.iterdir() if path.suffix.lower() in SUFFIXES)


def file_hash(path: Path) -> str:
    """Return the SHA-256 of a file's bytes in hexadecimal."""
    with path.open("rb") as handle:
        return hashlib.file_digest(handle, "sha256").hexdigest()


def class_folders(root: Path, source: str, base: Path) -> Iterator[Record]:
    """Yield the pictures of a folder that holds one folder for each class."""
    for folder in sorted(path for path in root.iterdir() if path.is_dir()):
        label = label_of_folder(folder.name)
        for path in pictures(folder):
            yield Record(str(path.relative_to(base)), file_hash(path), label, source)


def bccd_originals(root: Path, base: Path) -> Iterator[Record]:
    """Yield the BCCD fields with their drawn boxes; a class only where exactly one is named."""
    with (root / "labels.csv").open(newline="") as handle:
        named = {int(row["Image"]): row["Category"].strip() for row in csv.DictReader(handle)}
    for path in pictures(root / "images"):
        category = named.get(int(path.stem.rsplit("_", 1)[1]), "")
        label = category.lower() if category.lower() in LABELS else None
        boxes = voc_boxes(root / "annotations" / f"{path.stem}.xml")
        yield Record(str(path.relative_to(base)), file_hash(path), label, "bccd", boxes)


def voc_boxes(path: Path, name: str = "WBC") -> tuple[Box, ...]:
    """Return the PASCAL VOC boxes called ``name``; none where the file is missing."""
    if not path.exists():
        return ()
    # The annotation files are part of a data set that the trainer chose, not of an upload.
    root = ET.parse(path).getroot()  # noqa: S314 -- see above
    found = []
    for item in root.iter("object"):
        if item.findtext("name") == name:
            corners = [round(float(item.findtext(f"bndbox/{key}", "0"))) for key in _CORNERS]
            found.append(Box(*corners))
    return tuple(found)


_CORNERS = ("xmin", "ymin", "xmax", "ymax")


def yolo_boxes(path: Path, width: int, height: int, wanted: int = 0) -> tuple[Box, ...]:
    """Return the boxes of class ``wanted`` (0 is a leukocyte) from a YOLO text file."""
    found = []
    for line in path.read_text().splitlines():
        kind, *numbers = line.split()
        if int(kind) == wanted:
            x, y, w, h = (float(number) for number in numbers[:4])
            left, top = (x - w / 2) * width, (y - h / 2) * height
            found.append(Box(round(left), round(top), round(left + w * width), round(top + h * height)))
    return tuple(found)


def txl_fields(root: Path, split: str, base: Path) -> Iterator[Record]:
    """Yield the TXL-PBC pictures of one split with their leukocyte boxes; they carry no class."""
    for path in pictures(root / "images" / split):
        with PillowImage.open(path) as picture:
            width, height = picture.size
        boxes = yolo_boxes(root / "labels" / split / f"{path.stem}.txt", width, height)
        yield Record(str(path.relative_to(base)), file_hash(path), None, f"txl-{split}", boxes)


def scan(base: Path) -> list[Record]:
    """Return a record for every picture of the public sets found under ``base``."""
    kaggle = base / "kaggle-bccd"
    records: list[Record] = []
    for folder, source in (
        ("TRAIN", "kaggle-train"),
        ("TEST", "kaggle-test"),
        ("TEST_SIMPLE", "kaggle-simple"),
    ):
        if (kaggle / folder).is_dir():
            records += class_folders(kaggle / folder, source, base)
    if (base / "bccd").is_dir():
        records += bccd_originals(base / "bccd", base)
    if (base / "pbc").is_dir():
        records += class_folders(base / "pbc", "pbc", base)
    for split in ("train", "val"):
        if (base / "txl-pbc" / "images" / split).is_dir():
            records += txl_fields(base / "txl-pbc", split, base)
    if not records and any(path.is_dir() for path in base.iterdir()):
        records += class_folders(base, base.name, base)
    if not records:
        raise DataError(
            f"No pictures lie in {base}: it needs a folder for each class, or the sets in docs/data.md."
        )
    return records
