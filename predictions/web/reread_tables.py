"""What reading samples again has come to, as the tables of its page."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable
from dataclasses import dataclass
from typing import Final

from mlcore.web.shares import Share
from mlcore.web.vocabulary import UNIDENTIFIED, CellClass, cell_class, place
from predictions.models import CellType
from predictions.selectors.reanalysis import Progress

# The changes that most cells have gone through; the long tail of single cells tells nothing.
MOST_CHANGES: Final = 12


@dataclass(frozen=True, slots=True)
class ByClass:
    """How many cells had a name before, have it now, and kept it."""

    kind: CellClass
    before: int
    now: int
    alike: int | None

    @property
    def agreement(self) -> str:
        """The share of the earlier ones that kept their name; empty where nothing says."""
        return Share(self.alike / self.before).percent if self.alike is not None and self.before else ""


@dataclass(frozen=True, slots=True)
class ByWord:
    """The cells that people gave a name, and how many of them either reading calls so."""

    kind: CellClass
    cells: int
    before: int
    now: int


def by_class(found: Progress) -> list[ByClass]:
    """Return the names of both readings, in the order of the classes."""
    alike = {old: number for (old, new), number in found.became.items() if old == new}
    kept = (lambda label: alike.get(label, 0)) if found.became else (lambda _label: None)
    return [
        ByClass(_kind(label), found.before.get(label, 0), found.now.get(label, 0), kept(label))
        for label in _in_order(found.before.keys() | found.now.keys())
    ]


def changes(found: Progress) -> list[tuple[CellClass, CellClass, int]]:
    """Return which name became which other one of how many cells, the most first."""
    other = [(number, old, new) for (old, new), number in found.became.items() if old != new]
    most = sorted(other, key=lambda one: (-one[0], one[1], one[2]))[:MOST_CHANGES]
    return [(_kind(old), _kind(new), number) for number, old, new in most]


def by_word(found: Progress) -> list[ByWord]:
    """Return the names that people gave, the laboratory's own classes among them."""
    cells, before, now = Counter[str](), Counter[str](), Counter[str]()
    for (word, old, new), number in found.words.items():
        cells[word] += number
        before[word] += number * (old == word)
        now[word] += number * (new == word)
    types = CellType.objects.in_bulk(list(cells))
    return [
        ByWord(CellClass(one, types[one].short, types[one].name), cells[one], before[one], now[one])
        for one in sorted(cells, key=lambda code: (types[code].position, code))
    ]


def _kind(label: str) -> CellClass:
    return cell_class(label) if label else UNIDENTIFIED


def _in_order(labels: Iterable[str]) -> list[str]:
    return sorted(labels, key=lambda label: (not label, place(label), label))
