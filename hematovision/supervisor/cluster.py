"""The folder that holds PostgreSQL's data: made whole or not at all, and named after its major version."""

from __future__ import annotations

import os
import shutil
import signal
import subprocess
from pathlib import Path

from hematovision.supervisor.binaries import Programs
from hematovision.supervisor.errors import StartError
from hematovision.supervisor.identity import Identity
from hematovision.supervisor.process import before_program

SUPERUSER = "postgres"


def ensure(var: Path, programs: Programs, folder: Path, who: Identity, password: str) -> Path:
    """Return the data folder for ``programs``, made by ``folder / "initdb"`` if there is none."""
    data = var / f"postgresql-{programs.major}"
    if not data.exists():
        refuse_other_major(var, data)
        make(folder, data, who, major=programs.major, password=password)
    who.own(data)
    if not who.can("test", "-x", data):
        raise StartError(
            f"The embedded database would have to run as {who.account or 'this user'}, "
            f"who cannot reach {data}; run the portal as a normal user "
            "or set HV_VAR to a folder that everybody may enter."
        )
    return data


def refuse_other_major(var: Path, data: Path) -> None:
    """Refuse to begin with an empty cluster while the data of another major version lies beside it."""
    if others := [path for path in var.glob("postgresql-*") if path.suffix == ""]:
        raise StartError(
            f"The data in {others[0]} needs another PostgreSQL than that of {data.name}; "
            "set HV_PG_BIN to the programs of its version, or move the data as docs/operating.md describes."
        )


def make(folder: Path, data: Path, who: Identity, *, major: int, password: str) -> None:
    """Make the cluster under another name and rename it at the end: a crash leaves no half cluster."""
    half = data.with_suffix(".new")
    shutil.rmtree(half, ignore_errors=True)
    half.mkdir(mode=0o700)
    password_file = data.with_suffix(".password")
    password_file.touch(mode=0o600)
    password_file.write_text(password)
    who.own(half)
    who.own(password_file)
    said = initdb(folder, half, who, major=major, password_file=password_file)
    password_file.unlink()
    if said is not None:
        raise StartError(f"The database could not be created in {half}: {said}")
    half.rename(data)


def initdb(folder: Path, half: Path, who: Identity, *, major: int, password_file: Path) -> str | None:
    """Run initdb and return its last words if it failed."""
    locale = ["--locale=C.UTF-8"]
    if major >= 17:
        # Sorted the same on every machine, whatever its C library.
        locale = ["--no-locale", "--locale-provider=builtin", "--builtin-locale=C.UTF-8"]
    how = [
        "-U",
        SUPERUSER,
        "-A",
        "scram-sha-256",
        f"--pwfile={password_file}",
        "-E",
        "UTF8",
        "--data-checksums",
    ]
    done = subprocess.run(
        [folder / "initdb", "-D", half, *how, *locale],
        preexec_fn=before_program(signal.SIGKILL, who.become),
        env={**os.environ, "LC_ALL": "C"},
        capture_output=True,
        text=True,
        check=False,
    )
    if done.returncode == 0:
        return None
    return (done.stderr.strip().splitlines() or ["no reason given"])[-1]
