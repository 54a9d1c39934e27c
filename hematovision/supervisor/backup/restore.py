"""Restoring a backup into an empty data folder, and proving that what is there now is what was backed up."""

from __future__ import annotations

import io
import os
import shutil
from collections.abc import Callable
from pathlib import Path
from typing import Any, BinaryIO

from hematovision import env as read
from hematovision.supervisor import environment, folder, lock
from hematovision.supervisor.backup import database
from hematovision.supervisor.backup.archive import DUMP, unpack
from hematovision.supervisor.backup.sealed import MAGIC, Opener
from hematovision.supervisor.backup.source import manage
from hematovision.supervisor.errors import StartError
from hematovision.supervisor.portal import Portal


def restore(var: Path, source: Path, passphrase: Callable[[], str]) -> dict[str, Any]:
    """Restore ``source`` into ``var`` and return its manifest.

    Args:
        var: the data folder, which must not hold anything.
        source: the backup.
        passphrase: asked if the backup is sealed.

    Raises:
        StartError: why it was not restored; ``var`` is as empty as before.
        OSError: as reading and writing do; ``var`` is empty then, too.
    """
    if var.exists() and any(var.iterdir()):
        raise StartError(
            f"{var} is not empty, and nothing was changed in it; move it away, "
            "or set HV_VAR to another folder."
        )
    if read.text("DATABASE_URL", ""):
        raise StartError(
            "DATABASE_URL is set. A backup is restored into the embedded database; "
            "docs/operating.md says how to load it into another one."
        )
    with source.open("rb") as file:
        tar = _opened(file, passphrase)
        try:
            return _restore(var, tar)
        except BaseException:
            _clear(var)
            raise


def _opened(file: BinaryIO, passphrase: Callable[[], str]) -> Any:
    """Return the tar file in a backup, whether it is sealed or not."""
    if file.read(len(MAGIC)) == MAGIC:
        return io.BufferedReader(Opener(file, passphrase()), 2**20)
    file.seek(0)
    return file


def _restore(var: Path, tar: Any) -> dict[str, Any]:
    folder.ensure(var)
    held = lock.of_portal(var)
    stage = var / folder.RESTORING
    stage.mkdir(mode=0o700)
    manifest = unpack(tar, stage)
    for name in manifest["files"]:
        if name != DUMP:
            target = var / name
            target.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
            (stage / name).rename(target)
    portal = Portal()
    try:
        portal.env = environment.build(portal.address, var)
        portal.start_servers()
        database.load(portal.owner_url, stage / DUMP)
        _compare(portal.owner_url, manifest)
        database.forget_open_work(portal.owner_url)
        portal.prepare()
        (stage / "head.json").write_text(manifest["signed_head"])
        manage(portal.env, "audit", "verify", str(stage / "head.json"))
    finally:
        portal.stop()
        os.close(held)
    # That it goes is what lets the portal start.
    shutil.rmtree(stage)
    return manifest


def _compare(url: str, manifest: dict[str, Any]) -> None:
    """Compare rows, the log's end and the images with what was backed up."""
    with database.moment(url) as connection:
        facts, needed = database.facts(connection), database.images(connection)
    if any(facts[name] != manifest[name] for name in facts):
        raise StartError("The restored database does not hold what was backed up; take another backup.")
    kept = {name: said["sha256"] for name, said in manifest["files"].items() if name.startswith("images/")}
    if altered := [name for name, digest in kept.items() if Path(name).stem != digest]:
        raise StartError(
            f"{len(altered)} images were altered before they were backed up; the first is {altered[0]}."
        )
    if missing := needed - set(kept.values()) - set(manifest["images_missing"]):
        raise StartError(f"{len(missing)} images that rows name are not in the backup.")


def _clear(var: Path) -> None:
    """Take away what a restore has left that did not end well; the folder held nothing before."""
    for path in var.iterdir():
        if path.is_dir():
            shutil.rmtree(path)
        else:
            path.unlink()
