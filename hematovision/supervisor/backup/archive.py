"""The tar file inside a backup: files, a manifest with the hash of each, and the manifest's own hash."""

from __future__ import annotations

import hashlib
import io
import json
import tarfile
from pathlib import Path
from typing import Any, BinaryIO, Final

from hematovision.supervisor.errors import StartError

DUMP: Final = "database.dump"
MANIFEST: Final = "manifest.json"
MANIFEST_HASH: Final = "manifest.sha256"
FORM: Final = 1
AT_ONCE: Final = 2**20


class _Hashing:
    """A file whose hash is known once it has been read, so that each is read only once."""

    def __init__(self, file: BinaryIO) -> None:
        self._file, self.hash = file, hashlib.sha256()

    def read(self, size: int = -1) -> bytes:
        """Read, and remember."""
        data = self._file.read(size)
        self.hash.update(data)
        return data


class Writer:
    """Adds files to a tar file and keeps the list for its manifest."""

    def __init__(self, file: Any) -> None:
        self._tar = tarfile.open(fileobj=file, mode="w|", format=tarfile.PAX_FORMAT)  # noqa: SIM115 -- finish() closes it
        self.files: dict[str, dict[str, Any]] = {}

    def add(self, name: str, path: Path) -> None:
        """Add a file under ``name``; one that is gone by now is passed over."""
        try:
            file = path.open("rb")
        except FileNotFoundError:
            return
        with file:
            size = path.stat().st_size
            reader = _Hashing(file)
            self._tar.addfile(_info(name, size), reader)
            self.files[name] = {"sha256": reader.hash.hexdigest(), "bytes": size}

    def finish(self, facts: dict[str, Any]) -> None:
        """End the file with its manifest, which holds ``facts`` beside the list of files."""
        manifest = json.dumps({"form": FORM, **facts, "files": self.files}, indent=1).encode()
        digest = hashlib.sha256(manifest).hexdigest().encode()
        for name, content in ((MANIFEST, manifest), (MANIFEST_HASH, digest)):
            self._tar.addfile(_info(name, len(content)), io.BytesIO(content))
        self._tar.close()


def _info(name: str, size: int) -> tarfile.TarInfo:
    info = tarfile.TarInfo(name)
    info.size, info.mode = size, 0o600
    return info


def unpack(file: Any, folder: Path) -> dict[str, Any]:
    """Write what the tar file holds below ``folder`` and return its manifest, once all has proved whole.

    Raises:
        StartError: it is no backup, or was altered or cut off. What was written by then stays for the
            caller to remove.
    """
    found: dict[str, dict[str, Any]] = {}
    told: dict[str, bytes] = {}
    try:
        with tarfile.open(fileobj=file, mode="r|") as tar:
            for info in tar:
                if info.name in (MANIFEST, MANIFEST_HASH):
                    told[info.name] = _content(tar, info).read()
                else:
                    found[info.name] = _write(tar, info, folder)
    except (tarfile.TarError, EOFError, UnicodeDecodeError) as problem:
        raise _broken() from problem
    manifest = _manifest(told)
    if manifest["files"] != found:
        raise _broken()
    return manifest


def _manifest(told: dict[str, bytes]) -> dict[str, Any]:
    """Return the manifest if it is there and is what was written."""
    text = told.get(MANIFEST, b"")
    if hashlib.sha256(text).hexdigest().encode() != told.get(MANIFEST_HASH):
        raise _broken()
    manifest: dict[str, Any] = json.loads(text)
    if manifest["form"] != FORM:
        raise StartError("This backup was made by a newer HematoVision; restore it with that one.")
    return manifest


def _content(tar: tarfile.TarFile, info: tarfile.TarInfo) -> Any:
    content = tar.extractfile(info)
    if content is None:
        raise _broken()
    return content


def _write(tar: tarfile.TarFile, info: tarfile.TarInfo, folder: Path) -> dict[str, Any]:
    """Write one file, which its name must not lead out of ``folder``, and return its hash and size."""
    target = (folder / info.name).resolve()
    if not target.is_relative_to(folder.resolve()) or target.exists():
        raise _broken()
    target.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
    content, digest, size = _content(tar, info), hashlib.sha256(), 0
    target.touch(mode=0o600)
    with target.open("wb") as file:
        while data := content.read(AT_ONCE):
            file.write(data)
            digest.update(data)
            size += len(data)
    return {"sha256": digest.hexdigest(), "bytes": size}


def _broken() -> StartError:
    return StartError(
        "This is no whole backup: it was altered, cut off, or is another kind of file. "
        "Take another copy of it."
    )
