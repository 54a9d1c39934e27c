"""The frozen data sets that lie on this server, as choices for a training."""

from __future__ import annotations

import json
import re
from dataclasses import dataclass
from functools import lru_cache
from pathlib import Path
from typing import Final

from django.conf import settings

from mlcore.engine.frozen import MANIFEST, PICTURES

_NAME: Final = re.compile(r"[0-9a-f]{64}")


@dataclass(frozen=True, slots=True)
class FrozenChoice:
    """One version of a data set: its manifest's hash, its name and number, how many cells it holds."""

    sha256: str
    name: str
    number: int
    cells: int


def frozen_choices() -> list[FrozenChoice]:
    """Return the versions on disk, by name, newest first."""
    root = _root()
    found = sorted(root.iterdir()) if root.is_dir() else []
    choices = [_choice(entry) for entry in found if _NAME.fullmatch(entry.name)]
    return sorted((one for one in choices if one), key=lambda one: (one.name, -one.number))


def manifest_path(sha256: str) -> Path:
    """Return where the manifest of a version lies; the engine checks its hash."""
    return _root() / sha256 / MANIFEST


def pictures_root() -> Path:
    """Return the folder below which the pictures of all versions lie."""
    return _root() / PICTURES


def _root() -> Path:
    return Path(settings.VAR_DIR) / "datasets"


@lru_cache(maxsize=64)
def _choice(folder: Path) -> FrozenChoice | None:
    """Read a manifest's header and count its lines; None where it is no whole manifest."""
    try:
        with (folder / MANIFEST).open("rb") as lines:
            header = json.loads(lines.readline())
            return FrozenChoice(
                folder.name, str(header["name"]), int(header["version"]), sum(1 for _ in lines)
            )
    except (OSError, ValueError, KeyError, TypeError):
        return None
