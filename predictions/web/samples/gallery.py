"""The cells of a sample in groups, as the gallery shows them."""

from __future__ import annotations

from collections.abc import Sequence, Set
from dataclasses import dataclass
from typing import Any
from uuid import UUID

from django.urls import reverse
from django.utils.translation import gettext as _

from mlcore.web.vocabulary import cell_class
from predictions.models import CellType
from predictions.selectors import CellState


@dataclass(frozen=True, slots=True)
class CellCard:
    """One cell of the gallery: what it is called now, and what the model had said.

    ``again`` says that an earlier field probably shows it too; it matters until a person has given a word.
    """

    id: UUID
    number: int
    code: str
    preclass_code: str
    preclass_short: str
    sure: float
    confidence_text: str
    by_person: bool
    changed: bool
    seen: int
    crop_url: str
    context_url: str
    again: bool


@dataclass(frozen=True, slots=True)
class Group:
    """The cells of one type, least certain first; ``code`` is empty for those that nobody has identified."""

    code: str
    short: str
    name: str
    key: str
    css: str
    cells: list[CellCard]

    @property
    def count(self) -> int:
        """How many cells it holds."""
        return len(self.cells)


def groups(states: Sequence[CellState], types: Sequence[CellType], again: Set[UUID]) -> list[Group]:
    """Return a group for each type in use or given, in the catalogue's order, the unidentified first.

    ``again`` are the cells that probably were counted already.
    """
    cards: dict[str, list[CellCard]] = {}
    for number, state in enumerate(states, start=1):
        cards.setdefault(state.code, []).append(card(state, number, again=state.cell.pk in again))
    for members in cards.values():
        members.sort(key=lambda one: (one.by_person, one.sure))
    found = [Group("", "UNA", _("Unidentified"), "", "c-una", cards.get("", []))]
    for kind in types:
        if kind.active or kind.code in cards:
            key = kind.key if kind.active else ""
            found.append(Group(kind.code, kind.short, kind.name, key, kind.colour, cards.get(kind.code, [])))
    return found


def card(state: CellState, number: int, *, again: bool = False) -> CellCard:
    """Return a cell as the gallery shows it; ``number`` counts within the sample."""
    cell = state.cell
    return CellCard(
        id=cell.pk,
        number=number,
        code=state.code,
        preclass_code=state.preclass,
        preclass_short=cell_class(cell.label).short,
        sure=cell.confidence,
        confidence_text=f"{100 * cell.confidence:.1f}",
        by_person=state.by_person,
        changed=state.changed,
        seen=state.seen,
        crop_url=reverse("cell_crop", args=[cell.pk]),
        context_url=reverse("cell_context", args=[cell.pk]),
        again=again,
    )


def told(state: CellState) -> dict[str, Any]:
    """Return how a cell stands, as the gallery's script reads it."""
    review = state.review
    return {
        "id": str(state.cell.pk),
        "seen": state.seen,
        "code": state.code,
        "changed": state.changed,
        "by_person": state.by_person,
        "by": review.actor.name if review else "",
        "at": review.at.isoformat() if review else None,
    }
