"""The commands behind ``script/backup`` and ``script/restore``."""

from __future__ import annotations

import argparse
import getpass
import os
import signal
import sys
import time
from pathlib import Path
from typing import Final

from hematovision import env as read
from hematovision.env import EnvironmentMistake
from hematovision.supervisor.__main__ import interrupt
from hematovision.supervisor.backup.make import backup
from hematovision.supervisor.backup.restore import restore
from hematovision.supervisor.errors import StartError
from hematovision.supervisor.portal import ROOT

LEAST_LETTERS: Final = 12


def passphrase(file: Path | None, *, twice: bool) -> str:
    """Return the passphrase of a file, or ask for it."""
    if file is not None:
        said = file.read_text().strip("\n")
    elif not sys.stdin.isatty():
        raise StartError("Nobody can be asked for the passphrase here; name a file by --passphrase-file.")
    else:
        said = getpass.getpass("Passphrase of the backup: ")
        if twice and getpass.getpass("The same again: ") != said:
            raise StartError("The two passphrases differ; nothing was done.")
    if twice and len(said) < LEAST_LETTERS:
        raise StartError(f"The passphrase is too short: it takes at least {LEAST_LETTERS} letters.")
    return said


def parser() -> argparse.ArgumentParser:
    """Return what reads the two commands."""
    top = argparse.ArgumentParser(prog="script")
    acts = top.add_subparsers(dest="act", required=True)
    make = acts.add_parser("backup", help="write one file that holds the whole portal")
    make.add_argument("target", type=Path, nargs="?", default=Path(), help="a folder, or a file's name")
    make.add_argument("--encrypt", action="store_true", help="seal the file with a passphrase")
    back = acts.add_parser("restore", help="restore such a file into an empty data folder")
    back.add_argument("file", type=Path)
    for one in (make, back):
        one.add_argument("--passphrase-file", type=Path, help="a file that holds it in its only line")
    return top


def make_backup(options: argparse.Namespace, var: Path) -> str:
    """Back up and return what to print."""
    sealed = options.encrypt or options.passphrase_file is not None
    secret = passphrase(options.passphrase_file, twice=True) if sealed else None
    path, told = backup(var, options.target, secret)
    size = path.stat().st_size / 2**20
    said = f"{path}: {size:.1f} MiB, {told['files']} files, the log up to event {told['log']['last']}"
    if gone := len(told["images_missing"]):
        said += f".\n{gone} images that rows name are NOT there; script/manage check_images lists them"
    if not sealed:
        said += ".\nIt is not encrypted: who has it has every image and the portal's key"
    return said


def make_whole(options: argparse.Namespace, var: Path) -> str:
    """Restore and return what to print."""
    told = restore(var, options.file, lambda: passphrase(options.passphrase_file, twice=False))
    return (
        f"Restored into {var}: {len(told['files'])} files and {sum(told['counts'].values())} rows are those "
        f"of {told['made']}, the log is whole up to event {told['log']['last']}. "
        "Start it with script/server; everybody signs in again"
    )


def main() -> int:
    """Run one command and return its exit status."""
    options = parser().parse_args()
    os.umask(0o077)
    signal.signal(signal.SIGTERM, interrupt)
    began = time.monotonic()
    try:
        var = read.path("HV_VAR", ROOT / "var")
        said = make_backup(options, var) if options.act == "backup" else make_whole(options, var)
    except KeyboardInterrupt:
        print("Stopped; nothing was kept.", file=sys.stderr)
        return 130
    except (StartError, EnvironmentMistake) as error:
        print(error, file=sys.stderr)
        return 1
    except OSError as error:
        print(f"It failed and left nothing behind: {error.strerror} ({error.filename}).", file=sys.stderr)
        return 1
    print(f"{said} ({time.monotonic() - began:.1f} s).")
    return 0


if __name__ == "__main__":
    sys.exit(main())
