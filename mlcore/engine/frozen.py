"""A frozen version of a data set: one file that names every picture by its hash, with class, group and part.

The manifest lies in a folder named after its own SHA-256, so a version that was altered is no longer found
under its name. The pictures lie beside it, each under its own hash, and versions share them.
"""

from __future__ import annotations

import hashlib
import json
import re
import shutil
import tempfile
from collections.abc import Iterator, Sequence
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

from mlcore.engine.contracts import Box
from mlcore.engine.durable import flush_folder, write_flushed
from mlcore.engine.errors import DataError
from mlcore.engine.looks import is_look
from mlcore.engine.naming import is_label

FORMAT = "hematovision-dataset-1"
MANIFEST = "manifest.jsonl"
# Where the pictures lie, beside the versions' folders.
PICTURES = "pictures"
TRAINING, VALIDATION, TEST = SPLITS = ("training", "validation", "test")

_HASH = re.compile(r"[0-9a-f]{64}")
_SUFFIXES = (".png", ".jpg")


@dataclass(frozen=True, slots=True)
class FrozenHeader:
    """What a version says of itself: the data set's name, its number (from 1), licence and source."""

    name: str
    version: int
    license: str
    source: str


@dataclass(frozen=True, slots=True)
class FrozenPicture:
    """One picture of a version.

    ``sha256`` is the hash of the stored file, ``file`` its path below the folder of pictures. Pictures of
    one ``group`` show the same original or come from one patient, and all stand in the same ``split``.
    ``single`` says that the picture was taken of one cell; ``box`` is the cell in the picture's pixels,
    None where it has to be looked for. A field of several cells stands there once for each of them, so
    what names a cell is ``key``. ``pixels`` is the hash of what the file shows (``images.pixels_hash``), by
    which it is told whether a model has seen it, and ``look`` tells copies of it (``looks.look``); versions
    frozen before these were taken have none.
    """

    sha256: str
    file: str
    label: str
    laboratory: str
    group: str
    split: str
    single: bool = True
    box: Box | None = None
    pixels: str = ""
    look: str = ""

    @property
    def key(self) -> str:
        """What names the cell within a version: the file's hash, and its box where it has one."""
        return cell_key(self.sha256, self.box)


@dataclass(frozen=True, slots=True)
class FrozenSet:
    """A whole version: its header and its pictures, sorted by hash and then by the cell's place."""

    header: FrozenHeader
    pictures: tuple[FrozenPicture, ...]

    def part(self, split: str) -> tuple[FrozenPicture, ...]:
        """Return the pictures of one split."""
        return tuple(picture for picture in self.pictures if picture.split == split)


def cell_key(sha256: str, box: Box | None) -> str:
    """Return what names a cell: its file's hash, and its box where it has one."""
    return sha256 if box is None else f"{sha256}:{box.x0},{box.y0},{box.x1},{box.y1}"


def picture_file(sha256: str, suffix: str = ".png") -> str:
    """Return where a picture lies below the folder of pictures; ``suffix`` is ``.png`` or ``.jpg``."""
    return f"{sha256[:2]}/{sha256}{suffix}"


def write_frozen(folder: Path, header: FrozenHeader, pictures: Sequence[FrozenPicture]) -> str:
    """Write the manifest below ``folder`` and return its SHA-256, which is the name of its own folder.

    The same version written again is left as it is. Raises ``DataError`` if a picture stands there twice, a
    group on two sides of the split, or a value is none; ``OSError`` if the disk does not take it.
    """
    ordered = sorted(pictures, key=_place)
    _check(ordered)
    data = "".join(f"{line}\n" for line in _lines(header, ordered)).encode()
    name = hashlib.sha256(data).hexdigest()
    if (folder / name).is_dir() and _bytes_of(folder / name / MANIFEST, name):
        return name
    folder.mkdir(parents=True, exist_ok=True, mode=0o700)
    draft = Path(tempfile.mkdtemp(prefix=f".{name[:12]}.", dir=folder))
    try:
        write_flushed(draft / MANIFEST, data)
        flush_folder(draft)
        draft.rename(folder / name)
        flush_folder(folder)
    finally:
        shutil.rmtree(draft, ignore_errors=True)
    return name


def read_frozen(path: Path) -> FrozenSet:
    """Return the version whose manifest is ``path``.

    Raises ``DataError`` if it is missing, was altered since it was written, or is of another format.
    """
    lines = _bytes_of(path, path.parent.name).decode("utf-8").splitlines()
    try:
        told = json.loads(lines[0])
        if told.pop("format") != FORMAT:
            raise DataError(f"{path.name} is a data set of another format than {FORMAT}.")
        pictures = tuple(_picture(json.loads(line)) for line in lines[1:])
        header = FrozenHeader(**told)
    except (ValueError, TypeError, KeyError, IndexError, AttributeError) as error:
        raise DataError(f"The data set's manifest {path} cannot be read: {error}") from error
    _check(pictures)
    return FrozenSet(header, pictures)


def _place(picture: FrozenPicture) -> tuple[str, tuple[int, ...]]:
    """Return by what the lines of a manifest are sorted, each place there once."""
    box = picture.box
    return picture.sha256, () if box is None else (box.x0, box.y0, box.x1, box.y1)


def _lines(header: FrozenHeader, pictures: Sequence[FrozenPicture]) -> Iterator[str]:
    yield _line({"format": FORMAT, **asdict(header)})
    for picture in pictures:
        yield _line({**asdict(picture), "box": list(_place(picture)[1]) or None})


def _line(values: dict[str, Any]) -> str:
    return json.dumps(values, ensure_ascii=False, separators=(",", ":"))


def _picture(values: dict[str, Any]) -> FrozenPicture:
    corners = values.pop("box")
    return FrozenPicture(**values, box=None if corners is None else Box(*corners))


def _bytes_of(path: Path, name: str) -> bytes:
    """Return the manifest's bytes; raises ``DataError`` unless their hash is ``name``."""
    try:
        data = path.read_bytes()
    except OSError as error:
        raise DataError(f"The data set's manifest {path} is missing.") from error
    if hashlib.sha256(data).hexdigest() != name:
        raise DataError(f"The data set's manifest {path} was altered; its hash is no longer its name.")
    return data


def _check(pictures: Sequence[FrozenPicture]) -> None:
    """Raise ``DataError`` with the first thing that a frozen version may not hold."""
    side: dict[str, str] = {}
    before: tuple[str, tuple[int, ...]] | None = None
    for picture in pictures:
        if before is not None and _place(picture) <= before:
            raise DataError(f"A cell of {picture.sha256[:12]} is in the data set twice or out of order.")
        before = _place(picture)
        _check_values(picture)
        if side.setdefault(picture.group, picture.split) != picture.split:
            raise DataError(f"The group {picture.group} stands on two sides of the data set's split.")


def _check_values(picture: FrozenPicture) -> None:
    files = [picture_file(picture.sha256, suffix) for suffix in _SUFFIXES]
    if not _HASH.fullmatch(picture.sha256) or picture.file not in files:
        raise DataError(f"“{picture.file}” is not where a picture of the data set may lie.")
    if not is_label(picture.label) or picture.split not in SPLITS:
        raise DataError(f"The picture {picture.sha256[:12]} has no class or stands in no part of the split.")
    if picture.pixels and not _HASH.fullmatch(picture.pixels):
        raise DataError(f"The pixels of the picture {picture.sha256[:12]} have no hash that is one.")
    if picture.look and not is_look(picture.look):
        raise DataError(f"The look of the picture {picture.sha256[:12]} is none.")
    box = picture.box
    if box is not None and not (0 <= box.x0 < box.x1 and 0 <= box.y0 < box.y1):
        raise DataError(f"The cell of the picture {picture.sha256[:12]} has no size.")
