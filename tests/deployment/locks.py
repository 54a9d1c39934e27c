"""Reads the lock files."""

import re
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
IMAGES = ("web", "inference")
PINNED = re.compile(r"^([a-z0-9-]+)==(\S+)(?: ; (.+?))? \\$")


def of_image(image):
    """Return the path of an image's lock."""
    return ROOT / "docker" / f"requirements-{image}.txt"


def pins(lock):
    """Return (name, version, marker) -> hashes of everything that a lock names."""
    found, entry = {}, None
    for line in lock.read_text().splitlines():
        if match := PINNED.match(line):
            entry = found.setdefault(match.groups(), set())
        else:
            entry.add(line.strip(" \\"))
    return found


def names(lock):
    """Return the names of the packages in a lock."""
    return {name for name, _version, _marker in pins(lock)}
