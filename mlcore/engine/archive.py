"""ZIP files of class folders, unpacked as if their sender meant harm.

Nothing of a member decides where it is written: each file gets a number as its name. Sizes are counted while
the bytes come, since what a ZIP file says of them may be a lie.
"""

from __future__ import annotations

import stat
import zipfile
import zlib
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path, PurePosixPath
from typing import Final

from mlcore.engine.errors import DataError
from mlcore.engine.manifest import SUFFIXES
from mlcore.engine.naming import printable

PIECE: Final = 1024 * 1024
MEGABYTE: Final = 1_000_000
ARCHIVES: Final = {".zip", ".jar", ".7z", ".rar", ".tar", ".gz", ".tgz", ".bz2", ".xz"}
# A small file of one colour packs better than any real picture set; only what is large can be a bomb.
SMALLEST_BOMB: Final = 10 * MEGABYTE
ENCRYPTED: Final = 0x1


@dataclass(frozen=True, slots=True)
class Limits:
    """What a ZIP file may hold: files, bytes once unpacked, and how many times larger than packed."""

    files: int = 5_000
    bytes: int = 2_000 * MEGABYTE
    ratio: int = 100


@dataclass(frozen=True, slots=True)
class Arrival:
    """A picture that came in: where it lies now, the folder that names its class, and its own name."""

    path: Path
    folder: str
    name: str


def unpack(archive: Path, into: Path, limits: Limits) -> list[Arrival]:
    """Write the pictures of ``archive`` to numbered files in the folder ``into`` and return them in order.

    Hidden files and what macOS adds are passed over. A folder around the class folders is allowed.

    Raises:
        DataError: with what is wrong; nothing is left in ``into``.
        OSError: as writing does.
    """
    written: list[Path] = []
    try:
        with zipfile.ZipFile(archive) as opened:
            members = _members(opened, limits)
            return list(_written(opened, members, into, limits, written))
    except (zipfile.BadZipFile, zlib.error, EOFError, NotImplementedError, RuntimeError, ValueError) as error:
        _remove(written)
        raise DataError(
            "The ZIP file is damaged or cut off and cannot be unpacked. Pack it again."
        ) from error
    except BaseException:
        _remove(written)
        raise


def _remove(written: list[Path]) -> None:
    for path in written:
        path.unlink(missing_ok=True)


def _members(opened: zipfile.ZipFile, limits: Limits) -> list[zipfile.ZipInfo]:
    """Return the pictures by name, every entry looked at; raises ``DataError`` with the first fault."""
    if len(opened.filelist) > 4 * limits.files:
        raise _too_many(len(opened.filelist), limits)
    for member in opened.filelist:
        _check_entry(member)
    chosen = [one for one in opened.filelist if not one.is_dir() and not _passed_over(one.filename)]
    if len(chosen) > limits.files:
        raise _too_many(len(chosen), limits)
    for member in chosen:
        _check_kind(member)
    return sorted(chosen, key=lambda member: member.filename)


def _too_many(count: int, limits: Limits) -> DataError:
    return DataError(
        f"The ZIP file holds {count:,} files; {limits.files:,} are allowed. "
        "Leave some out, or put the folder on the server."
    )


def _check_entry(member: zipfile.ZipInfo) -> None:
    """Refuse what could lead out of a folder, or hides what it is."""
    # The standard library cuts names at a zero byte; what stood there originally is looked at.
    name = member.orig_filename
    shown = printable(name)
    path = PurePosixPath(name.replace("\\", "/"))
    if path.is_absolute() or ".." in path.parts or (path.parts and path.parts[0].endswith(":")):
        raise DataError(f"“{shown}” leads out of the ZIP file's own folders. Pack the class folders anew.")
    if "\0" in name:
        raise DataError(f"“{shown}” is no name for a file. Pack the class folders anew.")
    kind = stat.S_IFMT(member.external_attr >> 16)
    if kind and not (stat.S_ISREG(kind) or stat.S_ISDIR(kind)):
        raise DataError(f"“{shown}” is a link or a device, not a picture. Pack the files themselves.")
    if member.flag_bits & ENCRYPTED:
        raise DataError("The ZIP file is encrypted. Pack it without a password.")


def _passed_over(name: str) -> bool:
    parts = PurePosixPath(name).parts
    return any(part.startswith(".") or part == "__MACOSX" for part in parts) or parts[-1] == "Thumbs.db"


def _check_kind(member: zipfile.ZipInfo) -> None:
    """Refuse files that are no pictures by their name; their content is looked at once they are unpacked."""
    path = PurePosixPath(member.filename)
    shown = printable(member.filename)
    if path.suffix.lower() in ARCHIVES:
        raise DataError(f"“{shown}” is an archive within the ZIP file. Put its pictures into class folders.")
    if path.suffix.lower() not in SUFFIXES:
        raise DataError(f"“{shown}” is no JPEG or PNG picture. Take it out of the ZIP file.")
    if len(path.parts) < 2:
        raise DataError(f"“{shown}” lies in no class folder. Each picture's folder names its class.")


def _written(
    opened: zipfile.ZipFile,
    members: list[zipfile.ZipInfo],
    into: Path,
    limits: Limits,
    written: list[Path],
) -> Iterator[Arrival]:
    """Unpack one member after the other, counting every byte; each path is in ``written`` before it is."""
    left = limits.bytes
    for number, member in enumerate(members):
        target = into / f"{number:06d}"
        written.append(target)
        left -= _stream(opened, member, target, left, limits)
        path = PurePosixPath(member.filename)
        yield Arrival(target, path.parent.name, path.name)


def _stream(opened: zipfile.ZipFile, member: zipfile.ZipInfo, target: Path, left: int, limits: Limits) -> int:
    """Write one member and return its real size; raises ``DataError`` as soon as it is too large."""
    most = max(SMALLEST_BOMB, limits.ratio * member.compress_size)
    size = 0
    with opened.open(member) as source, target.open("xb") as out:
        while piece := source.read(PIECE):
            size += len(piece)
            if size > most:
                raise DataError(
                    f"“{printable(member.filename)}” unpacks to more than {limits.ratio} times its packed "
                    "size, as no picture does."
                )
            if size > left:
                raise DataError(
                    f"Unpacked, the ZIP file holds more than {limits.bytes // MEGABYTE:,} MB. Divide it."
                )
            out.write(piece)
    return size
