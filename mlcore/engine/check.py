"""What is wrong with a data folder: one complete list, made before any work is done."""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Callable, Container, Iterable, Iterator, Sequence
from concurrent.futures import ProcessPoolExecutor
from dataclasses import dataclass
from enum import Enum
from pathlib import Path

from mlcore.engine.errors import DataError, UnreadableImageError
from mlcore.engine.images import read_image
from mlcore.engine.manifest import (
    Record,
    class_roots,
    file_hash,
    folders,
    is_public,
    missing_companions,
    picture_files,
    pictures,
)
from mlcore.engine.naming import label_of_folder, printable

# A fifth is held out and a tenth validated on: with fewer originals nothing is left for one of the parts.
FEWEST = 4
# So many problems are shown; the others are counted.
SHOWN = 12


class Weight(Enum):
    """What a problem does to a training: ends it before it starts, costs it one picture, or is only told."""

    STOPS = "stops the training"
    LEFT_OUT = "left out"
    NOTED = "noted"


@dataclass(frozen=True, slots=True)
class Problem:
    """One thing that is wrong: where (relative to the folder), what it is, and what to do about it."""

    path: str
    what: str
    remedy: str
    weight: Weight = Weight.STOPS

    def __str__(self) -> str:
        return f"{printable(self.path)}: {self.what} {self.remedy}"


def check_folder(root: Path, known: Container[str] = frozenset()) -> list[Problem]:
    """Return everything that is wrong with the names and files under ``root``.

    Every picture is decoded to its end, but for those whose SHA-256 is in ``known``. In the public sets,
    which nobody can mend, a damaged picture or one with two classes does not stop a training.
    """
    if not root.is_dir():
        return [Problem(str(root), "is no folder.", "Name the folder that holds one folder for each class.")]
    digests = {path: file_hash(path) for path in picture_files(root)}
    return [
        *_names(root),
        *_counts(root),
        *(_problem(root, path, "is missing.", "Fetch it again.") for path in missing_companions(root)),
        *_unreadable(root, [path for path, digest in digests.items() if digest not in known]),
        *_two_classes(root, digests),
    ]


def check_groups(root: Path, records: Sequence[Record], groups: Sequence[int]) -> list[Problem]:
    """Return what only the groups of near-duplicates show: one cell in two classes, too few originals."""
    firsts: defaultdict[int, dict[str, Record]] = defaultdict(dict)
    for record, group in zip(records, groups, strict=True):
        if record.label:
            firsts[group].setdefault(record.label, record)
    problems = []
    for group, labels in firsts.items():
        one, *others = labels.values()
        for other in others:
            if other.sha256 != one.sha256:
                what = f"shows the same as {other.path} (group {group}), which has another class."
                problems.append(Problem(one.path, what, "Look at both.", Weight.NOTED))
    return problems if is_public(root) else [*problems, *_few_originals(firsts.values())]


def refuse_bad(root: Path, problems: Sequence[Problem]) -> None:
    """Raise ``DataError`` with all problems that stop a training, in one line; nothing if there is none."""
    stopping = [problem for problem in problems if problem.weight is Weight.STOPS]
    if not stopping:
        return
    number = "One thing is" if len(stopping) == 1 else f"{len(stopping)} things are"
    shown = " • ".join(str(problem) for problem in stopping[:SHOWN])
    rest = f" • and {len(stopping) - SHOWN} more" if len(stopping) > SHOWN else ""
    raise DataError(f"{number} wrong with the pictures in {root}: {shown}{rest}")


def report_problems(problems: Sequence[Problem], say: Callable[[str], None]) -> None:
    """Say each problem in a line of its own, what stops a training first; long lists are cut and counted."""
    for weight in Weight:
        chosen = [problem for problem in problems if problem.weight is weight]
        for problem in chosen[:SHOWN]:
            say(f"{problem} ({weight.value})")
        if len(chosen) > SHOWN:
            say(f"… and {len(chosen) - SHOWN} more like these ({weight.value}).")


def _problem(root: Path, path: Path, what: str, remedy: str, weight: Weight = Weight.STOPS) -> Problem:
    return Problem(path.relative_to(root).as_posix(), what, remedy, weight)


def _names(root: Path) -> Iterator[Problem]:
    """Class folders whose name is no name of a class."""
    for base, _source in class_roots(root):
        for folder in folders(base):
            try:
                label_of_folder(folder.name)
            except DataError as error:
                yield _problem(root, folder, str(error), "Rename the folder or take it out.")


def _counts(root: Path) -> Iterator[Problem]:
    """Folders without pictures or with too few, and too few folders."""
    filled = 0
    for base, _source in class_roots(root):
        for folder in folders(base):
            count = len(pictures(folder))
            filled += bool(count)
            if not count:
                yield _problem(
                    root, folder, "holds no JPEG or PNG picture.", "Fill the folder or take it out."
                )
            elif count == 1:
                yield _problem(root, folder, "holds one picture, which cannot be split.", "Add others.")
    if is_public(root):
        return
    if not filled:
        remedy = "it needs a folder for each class, or the sets in docs/data.md."
        yield Problem(str(root), "No pictures lie here:", remedy)
    elif filled == 1:
        yield Problem(str(root), "holds pictures of one class only.", "Add a folder for each other class.")


def _two_classes(root: Path, digests: dict[Path, str]) -> Iterator[Problem]:
    """The same file in the folders of two classes."""
    weight = Weight.NOTED if is_public(root) else Weight.STOPS
    first: dict[str, Path] = {}
    for base, _source in class_roots(root):
        for folder in folders(base):
            for path in pictures(folder):
                other = first.setdefault(digests[path], path)
                if _class_of(other) != _class_of(path):
                    what = f"is the same file as {path.relative_to(root)}, in the folder of another class."
                    yield _problem(root, other, what, "Keep the one that is right.", weight)


def _class_of(path: Path) -> str:
    try:
        return label_of_folder(path.parent.name)
    except DataError:
        return path.parent.name


def _few_originals(groups: Iterable[dict[str, Record]]) -> Iterator[Problem]:
    """Classes that cannot be split, since too few of their pictures show different cells."""
    counts = Counter(label for labels in groups for label in labels)
    enough = any(count >= FEWEST for count in counts.values())
    for label, count in sorted(counts.items()):
        if count < FEWEST:
            weight = Weight.NOTED if enough and count > 1 else Weight.STOPS
            what = f"its pictures show {count} different original{'s' * (count > 1)}."
            yield Problem(label, what, f"A split into three parts needs {FEWEST}.", weight)


def _unreadable(root: Path, files: Sequence[Path]) -> Iterator[Problem]:
    """Pictures that cannot be decoded to their end."""
    weight = Weight.LEFT_OUT if is_public(root) else Weight.STOPS
    with ProcessPoolExecutor(2) as pool:
        for path, error in zip(files, pool.map(_error, files, chunksize=64), strict=True):
            if error:
                yield _problem(root, path, error, "Replace the file or take it out.", weight)


def _error(path: Path) -> str:
    try:
        read_image(path)
    except UnreadableImageError as error:
        return str(error)
    return ""
