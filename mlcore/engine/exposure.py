"""What a training shows a model: each picture of every group that it learns from or is chosen by."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from concurrent.futures import ThreadPoolExecutor
from typing import Final, TypeVar

from mlcore.engine.bundle import Bundle
from mlcore.engine.contracts import Image
from mlcore.engine.dataset import Split
from mlcore.engine.detector.examples import usable
from mlcore.engine.errors import DataError
from mlcore.engine.images import pixels_hash, read_image
from mlcore.engine.looks import look
from mlcore.engine.manifest import Record
from mlcore.engine.prepared import Prepared, describe
from mlcore.engine.seen import Seen

# Of two locators that tied on validation the one that did better on these ships, so they had a say in it.
CHOSEN_BY: Final = "txl-val"
# So many looks of each original are listed of the shipped model: its list goes with every copy of the portal.
LOOKS_LISTED: Final = 2

Told = TypeVar("Told")


def seen_pictures(data: Prepared, parts: Split, before: Seen) -> bytes:
    """Return the file that says which pictures a model must not be judged by.

    These are what ``before`` names (the model that it starts from, its locator) and the whole groups that it
    learns from or is chosen by: a turned copy gives its original away.
    """
    rows = data.whole_groups((*parts.training, *parts.validation))
    return before.and_of(*_shown(data, rows)).as_bytes()


def located(data: Prepared) -> Seen:
    """Return what a locator that is trained on ``data`` has seen, whole groups again."""
    return Seen().and_of(*_shown(data, _located_rows(data)))


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
    pixels = _each(data, rows, lambda record: record.pixels or pixels_hash(_image(data, record)))
    # Turned copies stand at the end, so that each group keeps the looks of its plain pictures.
    plain_first = sorted(rows, key=lambda row: (data.records[row].source.startswith("kaggle"), row))
    _pixels, looks = _shown(data, data.few_copies(plain_first, LOOKS_LISTED))
    return Seen().and_of(pixels, looks)


def _located_rows(data: Prepared) -> list[int]:
    """Return the rows of the groups that a locator learns from or is chosen by."""
    shown = {record.sha256 for part in usable(data) for record in part}
    return data.whole_groups(row for row, record in enumerate(data.records) if record.sha256 in shown)


def _shown(data: Prepared, rows: Iterable[int]) -> tuple[list[str], list[str]]:
    """Return the hashes and the looks of what the files of ``rows`` show.

    Only files of which no data set tells both are read.
    """

    def of(record: Record) -> tuple[str, str]:
        if record.pixels and record.look:
            return record.pixels, record.look
        image = _image(data, record)
        return pixels_hash(image), look(image)

    told = _each(data, rows, of)
    return [pixels for pixels, _look in told], [one for _pixels, one in told]


def _image(data: Prepared, record: Record) -> Image:
    return read_image(data.root / record.path)


def _each(data: Prepared, rows: Iterable[int], tell: Callable[[Record], Told]) -> list[Told]:
    """Return what is told of each file of ``rows``, once for each file."""
    files = {data.records[row].sha256: data.records[row] for row in rows}
    # Threads, since TensorFlow may have been at work in this process and does not survive a fork.
    with ThreadPoolExecutor(2) as pool:
        return list(pool.map(tell, files.values()))
