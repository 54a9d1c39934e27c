"""Random secrets, one per purpose, in files that only this user reads."""

from __future__ import annotations

import os
import secrets
from pathlib import Path


def secret(folder: Path, name: str) -> str:
    """Return the secret called ``name``; the first time make it."""
    path = folder / name
    if not path.exists():
        folder.mkdir(mode=0o700, parents=True, exist_ok=True)
        write(path, secrets.token_urlsafe(48).encode())
    return path.read_text()


def write(path: Path, content: bytes) -> None:
    """Write a file that only this user reads, in a way that no crash leaves half of it."""
    half = path.with_suffix(".new")
    half.unlink(missing_ok=True)
    descriptor = os.open(half, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
    with os.fdopen(descriptor, "wb") as file:
        file.write(content)
        file.flush()
        os.fsync(file.fileno())
    half.rename(path)
