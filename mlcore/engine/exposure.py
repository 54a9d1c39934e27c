"""What a training shows a model: each picture of every group that it learns from or is chosen by."""

from __future__ import annotations

from collections.abc import Iterable
from concurrent.futures import ThreadPoolExecutor
from typing import Final

from mlcore.engine.bundle import Bundle
from mlcore.engine.dataset import Split
from mlcore.engine.detector.examples import usable
from mlcore.engine.errors import DataError
from mlcore.engine.images import pixels_hash, read_image
from mlcore.engine.manifest import Record
from mlcore.engine.prepared import Prepared, describe
from mlcore.engine.seen import Seen

# Of two locators that tied on validation the one that did better on these ships, so they had a say in it.
CHOSEN_BY: Final = "txl-val"


def seen_pictures(data: Prepared, parts: Split, before: Seen) -> bytes:
    """Return the file that says which pictures a model must not be judged by.

    These are what ``before`` names (the model that it starts from, its locator) and the whole groups that it
    learns from or is chosen by: a turned copy gives its original away.
    """
    rows = data.whole_groups((*parts.training, *parts.validation))
    return before.and_of(_pixels(data, rows)).as_bytes()


def located(data: Prepared) -> Seen:
    """Return what a locator that is trained on ``data`` has seen, whole groups again."""
    return Seen().and_of(_pixels(data, _located_rows(data)))


def seen_by_shipped(data: Prepared, bundle: Bundle) -> Seen:
    """Return what the model of ``bundle``, which does not tell, has seen of ``data``.

    Raises:
        DataError: ``data`` is not what the bundle's manifest says that it was trained and validated on.
    """
    now = describe(data, data.parts)
    for part in ("training", "validation"):
        if now[part]["sha256"] != bundle.manifest["data"].get(part, {}).get("sha256"):
            raise DataError(f"This folder's {part} pictures are not those that the bundle names.")
    rows = {*data.whole_groups((*data.parts.training, *data.parts.validation)), *_located_rows(data)}
    rows |= {row for row, record in enumerate(data.records) if record.source == CHOSEN_BY}
    return Seen().and_of(_pixels(data, rows))


def _located_rows(data: Prepared) -> list[int]:
    """Return the rows of the groups that a locator learns from or is chosen by."""
    shown = {record.sha256 for part in usable(data) for record in part}
    return data.whole_groups(row for row, record in enumerate(data.records) if record.sha256 in shown)


def _pixels(data: Prepared, rows: Iterable[int]) -> list[str]:
    """Return the hash of what each file of ``rows`` shows; only those that no data set tells are read."""
    files = {data.records[row].sha256: data.records[row] for row in rows}

    def of(record: Record) -> str:
        return record.pixels or pixels_hash(read_image(data.root / record.path))

    # Threads, since TensorFlow may have been at work in this process and does not survive a fork.
    with ThreadPoolExecutor(2) as pool:
        return list(pool.map(of, files.values()))
