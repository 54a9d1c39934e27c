"""Row locks that leave the key alone, so that the log's foreign keys never wait for them."""

import re
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[2]
LOCK = re.compile(r"select_for_update\((?P<options>(?:[^()]|\([^()]*\))*)\)")
SOURCES = [
    path
    for package in ("accounts", "hematovision", "mlcore", "predictions")
    for path in sorted((ROOT / package).rglob("*.py"))
    if "select_for_update" in path.read_text()
]


def test_there_are_locks():
    assert len(SOURCES) >= 5


@pytest.mark.parametrize("source", SOURCES, ids=lambda path: str(path.relative_to(ROOT)))
def test_no_lock_is_on_the_key(source):
    """A commit that has written its event asks for the keys of its rows while the log's head is locked.

    Whoever holds such a row against its key and then writes an event would wait for that head: a deadlock.
    """
    for lock in LOCK.finditer(source.read_text()):
        assert "no_key=True" in lock["options"]
