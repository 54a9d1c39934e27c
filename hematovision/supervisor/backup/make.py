"""Making a backup: the database, then the files that its rows name, whole or not at all."""

from __future__ import annotations

import os
import tempfile
from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path
from typing import Any, BinaryIO, Final

from hematovision.supervisor import binaries
from hematovision.supervisor.backup import database
from hematovision.supervisor.backup.archive import DUMP, Writer
from hematovision.supervisor.backup.sealed import Sealer
from hematovision.supervisor.backup.source import manage, reached
from hematovision.supervisor.errors import StartError
from mlcore.engine.durable import flush_folder

FOLDERS: Final = ("images", "models", "datasets", "secrets")
# Passwords of servers on this machine: a restored portal makes its own.
OWN: Final = ("secrets/db-", "secrets/broker")


def backup(var: Path, target: Path, passphrase: str | None) -> tuple[Path, dict[str, Any]]:
    """Back up the portal on ``var``, running or stopped, and return the file and what it holds.

    Args:
        var: the data folder.
        target: a folder, in which the file is named by the time, or the file's name.
        passphrase: what the file is sealed with, None for a plain tar file.

    Raises:
        StartError: why there is no backup; nothing is left of it.
        OSError: as writing does; nothing is left of it either.
    """
    path = _named(target, sealed=passphrase is not None)
    half = path.with_name(f".{path.name}.new")
    with reached(var) as env:
        descriptor = os.open(half, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600)
        try:
            with os.fdopen(descriptor, "wb") as file:
                told = _sealed(var, env, file, passphrase) if passphrase else _write(var, env, file)
                file.flush()
                os.fsync(file.fileno())
            half.rename(path)
        finally:
            half.unlink(missing_ok=True)
    flush_folder(path.parent)
    return path, told


def _named(target: Path, *, sealed: bool) -> Path:
    """Return the file's path; an existing file is never written over."""
    path = target
    if target.is_dir():
        kind = "hvbackup" if sealed else "tar"
        path = target / f"hematovision-{datetime.now(UTC):%Y%m%dT%H%M%SZ}.{kind}"
    if path.exists():
        raise StartError(f"{path} exists already; name another file.")
    if not path.parent.is_dir():
        raise StartError(f"There is no folder {path.parent}; make it first.")
    return path


def _sealed(var: Path, env: dict[str, str], file: BinaryIO, passphrase: str) -> dict[str, Any]:
    sealer = Sealer(file, passphrase)
    told = _write(var, env, sealer)
    sealer.finish()
    return told


def _write(var: Path, env: dict[str, str], file: Any) -> dict[str, Any]:
    """Write the tar file and return its manifest, with the number of files in the place of their list."""
    writer = Writer(file)
    # The signed head first: the log only grows, so the dump that follows holds what the head names.
    facts: dict[str, Any] = {"signed_head": manage(env, "audit", "head")}
    with tempfile.TemporaryDirectory(dir=var / "run", prefix="backup-") as folder:
        dumped = Path(folder) / DUMP
        with database.moment(env["DATABASE_URL"]) as connection:
            facts |= database.facts(connection)
            needed = database.images(connection)
            facts["postgresql"] = str(database.rows(connection, "SHOW server_version")[0][0])
            database.dump(env["DATABASE_URL"], connection, dumped)
        writer.add(DUMP, dumped)
    for name in _files(var):
        writer.add(name, var / name)
    there = {Path(name).stem for name in writer.files if name.startswith("images/")}
    facts |= {
        "made": datetime.now(UTC).isoformat(timespec="seconds"),
        "pg_dump": binaries.postgresql().version,
        "images_missing": sorted(needed - there),
    }
    writer.finish(facts)
    return {**facts, "files": len(writer.files)}


def _files(var: Path) -> Iterator[str]:
    """Yield the names of what is backed up; names with a dot in front are locks and files being written."""
    for folder in FOLDERS:
        for path in sorted((var / folder).rglob("*")):
            name = path.relative_to(var).as_posix()
            if path.is_file() and "/." not in name and not name.startswith(OWN):
                yield name
