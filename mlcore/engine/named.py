"""Cells of a third laboratory that we named by eye: the 575x575 pictures of TXL-PBC carry boxes only.

Two readings were made independently, by no haematologist; ``txl_cells.csv`` holds both, and only a cell
that got the same class twice is used. It tells more about an unknown stain and camera than no third
laboratory at all, and every figure that rests on it says so.
"""

from __future__ import annotations

import csv
from collections.abc import Iterator, Sequence
from pathlib import Path

from mlcore.engine.contracts import LABELS, Box
from mlcore.engine.manifest import Record

READINGS = Path(__file__).with_name("txl_cells.csv")
SUFFIX = "-cells"


def named_cells(records: Sequence[Record]) -> Iterator[Record]:
    """Yield a record with one box and a class for each agreed cell of the TXL-PBC pictures in ``records``.

    Its source is the picture's with ``-cells`` behind it, so that val stays a test set.
    """
    pictures = {record.sha256: record for record in records if record.source.startswith("txl")}
    with READINGS.open(newline="") as handle:
        for row in csv.DictReader(handle):
            picture = pictures.get(row["sha256"])
            if picture is not None and row["first"] == row["second"] in LABELS:
                box = Box(*(int(row[corner]) for corner in ("x0", "y0", "x1", "y1")))
                yield Record(picture.path, picture.sha256, row["first"], picture.source + SUFFIX, (box,))
