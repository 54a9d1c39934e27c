"""What a model has seen of the pictures that a frozen data set tests by: these very ones, or copies of them.

Comparing looks takes seconds to minutes, so it is done once for each version and list of what was seen.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

from mlcore.engine.bundle import read_bundle
from mlcore.engine.criteria import Criterion, leak_found
from mlcore.engine.frozen import MANIFEST, TEST, FrozenPicture, read_frozen
from mlcore.engine.noninferiority import Verdict
from mlcore.engine.seen import Seen, seen_by


@dataclass(frozen=True, slots=True)
class Exposure:
    """What a model has seen of a version's ``pictures`` to test by.

    Each list names pictures by the number of their first cell in the version: ``same`` were seen pixel for
    pixel, ``copies`` saved again, scaled, mirrored or turned (None where that cannot be told), ``near``
    belong to groups of which others were seen. ``criterion`` is the gate's answer, which says why
    nothing is known.
    """

    pictures: int
    same: tuple[int, ...]
    copies: tuple[int, ...] | None
    near: tuple[int, ...]
    criterion: Criterion

    def as_json(self) -> dict[str, Any]:
        """Return it as plain JSON values."""
        return asdict(self)


def exposure_from(told: Any) -> Exposure:
    """Return what ``as_json`` told; raises ``ValueError``, ``KeyError`` or ``TypeError`` for others."""
    answer = told["criterion"]
    criterion = Criterion(**answer | {"verdict": Verdict(answer["verdict"])})
    lists = {name: None if told[name] is None else tuple(told[name]) for name in ("same", "copies", "near")}
    return Exposure(**told | lists | {"criterion": criterion})


def exposed(root: Path, version: str, earlier: Sequence[str], bundle: Path) -> Exposure:
    """Return what the model of ``bundle`` has seen of the frozen ``version`` below ``root``.

    ``earlier`` are the hashes of the data set's earlier versions, whose cells of the same groups count too.

    Raises:
        DataError: a manifest is missing or was altered.
        BundleError: the bundle is not whole.
    """
    sets = [read_frozen(root / sha256 / MANIFEST).pictures for sha256 in (version, *earlier)]
    return exposure(sets[0], in_tested_groups(sets), seen_by(read_bundle(bundle)))


def in_tested_groups(sets: Sequence[Sequence[FrozenPicture]]) -> list[FrozenPicture]:
    """Return the cells of every group that the first of ``sets`` tests by, those of the others among them."""
    groups = {cell.group for cell in sets[0] if cell.split == TEST}
    return [cell for cells in sets for cell in cells if cell.group in groups]


def exposure(cells: Sequence[FrozenPicture], shown: Sequence[FrozenPicture], seen: Seen) -> Exposure:
    """Return what was ``seen`` of the test among ``cells``; ``shown`` are all cells of its groups."""
    tested = {cell.pixels: cell.look for cell in shown}
    exact, copies = seen.among(tested), seen.among_as_copies(tested)
    touched = {cell.group for cell in shown if cell.pixels in exact or cell.look in (copies or ())}
    lists: dict[str, list[int]] = {"same": [], "copies": [], "near": [], "": []}
    first = {cell.sha256: number for number, cell in reversed([*enumerate(cells)]) if cell.split == TEST}
    for number in sorted(first.values()):
        cell = cells[number]
        alike = cell.look in (copies or ())
        kind = "same" if cell.pixels in exact else "copies" if alike else "near"
        lists[kind if cell.group in touched else ""].append(number)
    return Exposure(
        pictures=len(first),
        same=tuple(lists["same"]),
        copies=None if copies is None else tuple(lists["copies"]),
        near=tuple(lists["near"]),
        criterion=leak_found(tested, seen, copies),
    )
