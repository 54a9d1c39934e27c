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
from mlcore.engine.naming import label_of_folder

SUFFIXES = {".jpg", ".jpeg", ".png"}

# Where the public sets keep one folder for each class, and how their records name them.
CLASS_ROOTS = {
    "kaggle-bccd/TRAIN": "kaggle-train",
    "kaggle-bccd/TEST": "kaggle-test",
    "kaggle-bccd/TEST_SIMPLE": "kaggle-simple",
    "pbc": "pbc",
}
TXL_SPLITS = ("train", "val")


@dataclass(frozen=True, slots=True)
class Record:
    """One picture: where it lies (relative to the data folder), its SHA-256, class and origin.

    ``label`` is None where the class is not known. ``boxes`` are the leukocytes that its authors drew.
    ``pixels`` is the hash of what it shows and ``look`` tells its copies where a frozen data set tells them,
    else empty.
    """

    path: str
    sha256: str
    label: str | None
    source: str
    boxes: tuple[Box, ...] = ()
    pixels: str = ""
    look: str = ""


def data_root() -> Path | None:
    """Return the data folder: ``HEMATOVISION_DATA``, else ``../shared/data``; None without either."""
    named = os.environ.get("HEMATOVISION_DATA")
    candidate = Path(named) if named else Path(__file__).parents[2].parent / "shared" / "data"
    return candidate if candidate.is_dir() else None


def pictures(folder: Path) -> list[Path]:
    """Return the JPEG and PNG files directly inside ``folder``, by name; hidden files are none."""
    return sorted(path for path in _shown(folder) if path.is_file() and path.suffix.lower() in SUFFIXES)


def folders(root: Path) -> list[Path]:
    """Return the folders directly inside ``root``, by name; hidden ones belong to other programs."""
    return sorted(path for path in _shown(root) if path.is_dir())


def _shown(folder: Path) -> Iterator[Path]:
    return (path for path in folder.iterdir() if not path.name.startswith("."))


def file_hash(path: Path) -> str:
    """Return the SHA-256 of a file's bytes in hexadecimal."""
    with path.open("rb") as handle:
        return hashlib.file_digest(handle, "sha256").hexdigest()


def class_folders(root: Path, source: str, base: Path) -> Iterator[Record]:
    """Yield the pictures of a folder that holds one folder for each class."""
    for folder in folders(root):
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
        try:
            with PillowImage.open(path) as picture:
                width, height = picture.size
        except OSError:
            continue  # The check of the folder names it.
        boxes = yolo_boxes(root / "labels" / split / f"{path.stem}.txt", width, height)
        yield Record(str(path.relative_to(base)), file_hash(path), None, f"txl-{split}", boxes)


def class_roots(base: Path) -> list[tuple[Path, str]]:
    """Return the folders under ``base`` that hold one folder for each class, and what each is called.

    These are those of the public sets; where there is no public set, it is ``base`` itself.
    """
    found = [(base / folder, source) for folder, source in CLASS_ROOTS.items() if (base / folder).is_dir()]
    return found if found or is_public(base) else [(base, base.name)]


def is_public(base: Path) -> bool:
    """Return whether ``base`` holds the public sets, rather than a laboratory's own pictures."""
    return any((base / name).is_dir() for name in (*CLASS_ROOTS, "bccd", "txl-pbc/images"))


def picture_files(base: Path) -> list[Path]:
    """Return every picture that ``scan`` would look at, whether its folder's name is a class or not."""
    holders = [folder for root, _source in class_roots(base) for folder in folders(root)]
    holders += [base / "bccd" / "images", *(base / "txl-pbc" / "images" / split for split in TXL_SPLITS)]
    return [path for folder in holders if folder.is_dir() for path in pictures(folder)]


def missing_companions(base: Path) -> list[Path]:
    """Return what the public sets lack beside their pictures: BCCD's classes, the boxes of TXL-PBC."""
    needed = [base / "bccd" / "labels.csv"] if (base / "bccd").is_dir() else []
    for split in TXL_SPLITS:
        images = base / "txl-pbc" / "images" / split
        labels = base / "txl-pbc" / "labels" / split
        needed += [labels / f"{path.stem}.txt" for path in (pictures(images) if images.is_dir() else ())]
    return [path for path in needed if not path.is_file()]


def scan(base: Path) -> list[Record]:
    """Return a record for every picture of the public sets found under ``base``, or of its own classes."""
    records: list[Record] = []
    for folder, source in class_roots(base):
        records += class_folders(folder, source, base)
    if (base / "bccd").is_dir():
        records += bccd_originals(base / "bccd", base)
    for split in TXL_SPLITS:
        if (base / "txl-pbc" / "images" / split).is_dir():
            records += txl_fields(base / "txl-pbc", split, base)
    if not records:
        raise DataError(
            f"No pictures lie in {base}: it needs a folder for each class, or the sets in docs/data.md."
        )
    return records
