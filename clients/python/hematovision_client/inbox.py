"""A folder that a scanner writes into: which files are finished, whose they are, and where they go."""

from __future__ import annotations

import os
import re
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import IO, Final

from hematovision_client.pictures import complete, is_picture, readable

if sys.platform == "win32":
    import msvcrt
else:
    import fcntl

SENT: Final = "sent"
REFUSED: Final = "refused"
LOCK: Final = ".hematovision.lock"
PATTERN: Final = "<accession>_*"
# Size, time of the last change in ns, and number of a file: what differs once somebody has written to it.
Stamp = tuple[int, int, int]


class Occupied(Exception):  # noqa: N818 -- the name says what is the case
    """Another watcher works in this folder."""


@dataclass(frozen=True, slots=True)
class Arrived:
    """A finished file with its bytes; ``accession`` is empty where its name tells none."""

    path: Path
    stamp: Stamp
    content: bytes
    accession: str


class Inbox:
    """The folder; one process at a time works in it, inside :meth:`locked`.

    Nothing is remembered but on the disk: a file lies in the folder until the portal has it, then in
    ``sent``, or in ``refused`` beside the reason. Whoever is killed in between finds it where it was.
    ``trouble`` says what the disk did not let happen since the last look, without a name; else it is empty.

    Args:
        root: the folder.
        pattern: how names of files begin that lie in no folder of their own, with ``<accession>`` and ``*``.
        settle: seconds for which a finished file has not changed.
    """

    def __init__(self, root: Path, *, pattern: str, settle: float) -> None:
        self._root, self._settle = root, settle
        self._name = _expression(pattern)
        self._seen: dict[Path, tuple[Stamp, float]] = {}
        self._unfinished: dict[Path, Stamp] = {}
        self._done: dict[Path, tuple[Stamp, str | None]] = {}
        self.trouble = ""

    @contextmanager
    def locked(self) -> Iterator[None]:
        """Keep other watchers out; the system gives the lock back however the process ends.

        Raises:
            Occupied: there is another one.
            OSError: nothing can be written into the folder.
        """
        with (self._root / LOCK).open("a") as file:
            try:
                _lock(file)
            except (BlockingIOError, PermissionError) as error:
                raise Occupied from error
            yield

    def arrived(self) -> Iterator[Arrived]:
        """Go through the finished files that have not changed for long enough, by folder and name.

        What the portal has had already but the disk did not let go of is put away now, and not gone through.
        """
        self.trouble = ""
        now = time.monotonic()
        found = dict(self._files())
        self._seen = {path: self._since(path, stamp, now) for path, stamp in found.items()}
        self._unfinished = {
            path: stamp for path, stamp in self._unfinished.items() if found.get(path) == stamp
        }
        self._done = {path: done for path, done in self._done.items() if found.get(path) == done[0]}
        for path, (stamp, since) in list(self._seen.items()):
            if path in self._done:
                self._put_away(path)
                continue
            if now - since < self._settle or path in self._unfinished:
                continue
            if (content := self._read(path, stamp)) is not None:
                yield Arrived(path, stamp, content, self._accession(path))

    def waiting(self) -> int:
        """Return how many images lie there since the last look, finished or not."""
        return len(self._seen)

    def sent(self, file: Arrived) -> None:
        """Put away what the portal has."""
        self._done[file.path] = (file.stamp, None)
        self._put_away(file.path)

    def refused(self, file: Arrived, reason: str) -> None:
        """Put away what the portal cannot take, beside the reason."""
        self._done[file.path] = (file.stamp, reason)
        self._put_away(file.path)

    def _files(self) -> Iterator[tuple[Path, Stamp]]:
        for folder, folders, names in os.walk(self._root, onerror=self._unread):
            here = Path(folder)
            away = {SENT, REFUSED} if here == self._root else set()
            folders[:] = sorted(name for name in folders if name not in away and not name.startswith("."))
            for path in (here / name for name in sorted(names)):
                if is_picture(path) and (stamp := _stamp(path)):
                    yield path, stamp

    def _since(self, path: Path, stamp: Stamp, now: float) -> tuple[Stamp, float]:
        before = self._seen.get(path)
        return before if before and before[0] == stamp else (stamp, now)

    def _read(self, path: Path, stamp: Stamp) -> bytes | None:
        """Return the bytes of a finished file that nobody wrote to meanwhile, else None."""
        try:
            content = path.read_bytes()
        except OSError as error:
            self._unread(error)
            return None
        if _stamp(path) != stamp:
            return None
        if not complete(content):
            self._unfinished[path] = stamp
            return None
        return content

    def _accession(self, path: Path) -> str:
        folders = path.relative_to(self._root).parts[:-1]
        if folders:
            return readable(folders[0])
        match = self._name.fullmatch(readable(path.stem))
        return match["accession"] if match else ""

    def _free(self, kind: str, path: Path) -> Path:
        """Return where a file goes, with a number in its name where another has been there before."""
        target = self._root / kind / path.relative_to(self._root)
        target.parent.mkdir(parents=True, exist_ok=True)
        stem, number = target.stem, 1
        while target.exists():
            number += 1
            target = target.with_stem(f"{stem}~{number}")
        return target

    def _put_away(self, path: Path) -> None:
        """Move what is done with; what has been written to since stays, as a new file to send."""
        stamp, reason = self._done[path]
        try:
            if _stamp(path) == stamp:
                target = self._free(SENT if reason is None else REFUSED, path)
                if reason is not None:
                    target.with_name(f"{target.name}.reason.txt").write_text(f"{reason}\n", encoding="utf-8")
                path.rename(target)
                self._seen.pop(path, None)
        except OSError as error:
            self._note(f"What the portal has had cannot be put away: {error.strerror}.")
        else:
            del self._done[path]

    def _unread(self, error: OSError) -> None:
        """Note what cannot be read; a file that has gone meanwhile is no trouble, the folder itself is."""
        if not isinstance(error, FileNotFoundError) or error.filename == str(self._root):
            self._note(f"Something in the folder cannot be read: {error.strerror}.")

    def _note(self, trouble: str) -> None:
        """Add a trouble, once."""
        if trouble not in self.trouble:
            self.trouble = f"{self.trouble} {trouble}".strip()


def _lock(file: IO[str]) -> None:
    if sys.platform == "win32":
        msvcrt.locking(file.fileno(), msvcrt.LK_NBLCK, 1)
    else:
        fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)


def _stamp(path: Path) -> Stamp | None:
    try:
        told = path.stat()
    except OSError:
        return None
    return told.st_size, told.st_mtime_ns, told.st_ino


def _expression(pattern: str) -> re.Pattern[str]:
    """Return the expression for a pattern of names without their ending.

    Raises:
        ValueError: it does not say where the accession number stands.
    """
    if pattern.count("<accession>") != 1:
        raise ValueError(f"The pattern “{pattern}” has to hold <accession> once, such as {PATTERN}")
    plain = re.escape(pattern).replace(re.escape("*"), ".*")
    return re.compile(plain.replace(re.escape("<accession>"), "(?P<accession>.+?)"))
