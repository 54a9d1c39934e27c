"""A data folder made ready for training: scanned, grouped, split, its cells cut out."""

from __future__ import annotations

import hashlib
import json
from collections import Counter
from collections.abc import Iterable, Sequence
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

import numpy as np

from mlcore.engine.check import Weight, check_folder, check_groups, refuse_bad, report_problems
from mlcore.engine.contracts import Image
from mlcore.engine.crops import Finder, cached
from mlcore.engine.dataset import (
    Split,
    cached_fingerprints,
    known_fingerprints,
    near_duplicates,
    split,
    turned_sets,
)
from mlcore.engine.errors import DataError
from mlcore.engine.manifest import Record, is_public, scan
from mlcore.engine.named import named_cells
from mlcore.engine.naming import ordered
from mlcore.engine.preprocess import CropSettings
from mlcore.engine.sampling import Examples, shares

# Thirty copies of one cell say little more than six, and validation is paid for after every epoch.
COPIES_VALIDATED = 6


def say(text: str) -> None:
    """Print a line at once, since whoever started the training reads it as it comes."""
    print(text, flush=True)


@dataclass(frozen=True, slots=True)
class Prepared:
    """Pictures made ready: where they lie, their groups, the split, and the classes that are trained.

    ``datasets`` names the frozen data sets they come from; none where they come from a folder.
    """

    root: Path
    cache: Path
    records: list[Record]
    groups: list[int]
    parts: Split
    datasets: tuple[dict[str, Any], ...] = ()

    def labels(self, rows: Sequence[int]) -> tuple[str, ...]:
        """Return the classes present in ``rows``, in the engine's order; raises ``DataError`` below two."""
        present = {self.records[row].label for row in rows}
        labels = ordered(label for label in present if label)
        if len(labels) < 2:
            raise DataError("Training needs pictures of at least two classes, each in a folder of its own.")
        return labels

    def few_copies(self, rows: Sequence[int], most: int = COPIES_VALIDATED) -> list[int]:
        """Return ``rows`` with at most ``most`` pictures of each original."""
        seen: Counter[int] = Counter()
        kept = []
        for row in rows:
            seen[self.groups[row]] += 1
            if seen[self.groups[row]] <= most:
                kept.append(row)
        return kept

    def examples(
        self, name: str, rows: Sequence[int], labels: tuple[str, ...], crop: CropSettings, finder: Finder
    ) -> Examples:
        """Cut out the cells of ``rows``, kept under ``name``.

        Classes not in ``labels`` are left out, and so are pictures in which no cell is found.
        """
        known = self.known(rows, labels)
        crops = cached(self.root, [self.records[row] for row in known], crop, finder, self.cache / name)
        return self.described([known[place] for place in crops.rows], labels, crops.pixels)

    def whole_groups(self, rows: Iterable[int]) -> list[int]:
        """Return every row that shows the same original as one of ``rows``, these among them."""
        groups = {self.groups[row] for row in rows}
        return [row for row, group in enumerate(self.groups) if group in groups]

    def known(self, rows: Sequence[int], labels: tuple[str, ...]) -> list[int]:
        """Return those of ``rows`` whose class is among ``labels``."""
        return [row for row in rows if self.records[row].label in labels]

    def described(self, rows: Sequence[int], labels: tuple[str, ...], pixels: Image) -> Examples:
        """Return ``rows``, all of known classes, as examples with their ``pixels``."""
        chosen, groups = [self.records[row] for row in rows], [self.groups[row] for row in rows]
        targets = np.asarray([labels.index(record.label or "") for record in chosen], dtype=np.int32)
        return Examples(
            pixels, targets, shares(chosen, groups), np.asarray(groups), tuple(r.path for r in chosen)
        )


def prepare(root: Path, work: Path) -> Prepared:
    """Check and scan the data, group near-duplicates and split; raises ``DataError`` or ``LeakError``."""
    say(json.dumps({"stage": "data"}))
    problems = check_folder(root, known_fingerprints(work))
    report_problems(problems, say)
    refuse_bad(root, problems)
    left_out = {problem.path for problem in problems if problem.weight is Weight.LEFT_OUT}
    records = [record for record in scan(root) if record.path not in left_out]
    say(f"{len(records)} pictures; looking for copies of one original.")
    prints = cached_fingerprints(root, records, work)
    turned = None if is_public(root) else turned_sets(prints, [one.source for one in records])
    groups = near_duplicates(records, prints, turned)
    problems = check_groups(root, records, groups)
    report_problems(problems, say)
    refuse_bad(root, problems)
    # A named cell goes where its picture goes.
    group_of = dict(zip((record.sha256 for record in records), groups, strict=True))
    cells = list(named_cells(records))
    records, groups = records + cells, groups + [group_of[cell.sha256] for cell in cells]
    parts = split(records, groups)
    say(
        f"{len(parts.training)} pictures for training, {len(parts.validation)} for validation, "
        f"{len(parts.held_out)} held out, {len(parts.dropped)} dropped because they show a test cell."
    )
    return Prepared(root, work, records, groups, parts)


def describe(data: Prepared, parts: Split) -> dict[str, Any]:
    """Return counts and one hash for each part, so that a bundle says exactly what it has seen."""
    told: dict[str, Any] = {"datasets": list(data.datasets)} if data.datasets else {}
    for name, rows in asdict(parts).items():
        chosen = [data.records[row] for row in rows]
        hashes = sorted(record.sha256 for record in chosen)
        counts = Counter(f"{record.source}/{record.label}" for record in chosen)
        told[name] = {
            "pictures": len(rows),
            "originals": len({data.groups[row] for row in rows}),
            "by_source_and_class": dict(sorted(counts.items())),
            "sha256": hashlib.sha256("".join(hashes).encode()).hexdigest(),
        }
    return told
