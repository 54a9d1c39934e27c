"""Results as the templates show them: words, percentages and shapes instead of rows."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable
from dataclasses import dataclass
from uuid import UUID

from django.utils.formats import number_format
from django.utils.translation import gettext as _

from mlcore.engine.card import never_shown
from mlcore.web.vocabulary import UNIDENTIFIED, CellClass, Text, cell_class
from predictions.models import Analysis, Cell, SmearField
from predictions.states import JobState
from predictions.vocabulary import quality_text

STATE_TONE = {JobState.QUEUED: "", JobState.RUNNING: "accent", JobState.DONE: "good", JobState.FAILED: "bad"}


@dataclass(frozen=True, slots=True)
class Share:
    """The probability of one class: as text, and as the length of a bar in 0..100 with a decimal point."""

    kind: CellClass
    percent: str
    length: str


@dataclass(frozen=True, slots=True)
class CellView:
    """One cell; ``kind`` is what the portal presents, ``likeliest`` what the model finds most probable."""

    cell: Cell

    id: UUID
    number: int
    kind: CellClass
    likeliest: CellClass
    confidence: str
    abstained: bool
    reason: str
    x: int
    y: int
    width: int
    height: int

    @property
    def shares(self) -> list[Share]:
        """The probability of every class, most probable first; lists that show none do not pay for them."""
        return ranked_shares(self.cell)


@dataclass(frozen=True, slots=True)
class Tally:
    """How many cells of a class were found, and their share of all leukocytes found."""

    kind: CellClass
    count: int
    percent: str
    length: str


@dataclass(frozen=True, slots=True)
class FieldView:
    """A field with its newest analysis, if there is one."""

    field: SmearField
    state: JobState
    tone: str
    analysis: Analysis | None
    cells: list[CellView]
    tallies: list[Tally]
    quality: list[Text]
    never_shown: str

    @property
    def pending(self) -> bool:
        """Whether the result is still to come."""
        return self.state in {JobState.QUEUED, JobState.RUNNING}

    @property
    def number_size(self) -> int:
        """Height of the numbers drawn over the image, in its own pixels."""
        return max(self.field.image.width, self.field.image.height) // 26 + 1


def present(field: SmearField) -> FieldView:
    """Turn a field that came with image, job and analyses (newest first) into what templates show."""
    analyses = list(field.analyses.all())
    newest = analyses[0] if analyses else None
    cells = [present_cell(cell) for cell in newest.cells.all()] if newest else []
    state = JobState(field.job.state)
    quality = [quality_text(code) for code in newest.quality] if newest else []
    unknown = ", ".join(never_shown(newest.model_version.labels)) if newest else ""
    return FieldView(field, state, STATE_TONE[state], newest, cells, tally(cells), quality, unknown)


def present_cell(cell: Cell) -> CellView:
    """Turn a cell into words, most probable class first."""
    return CellView(
        cell=cell,
        id=cell.pk,
        number=cell.number,
        kind=UNIDENTIFIED if cell.abstained else cell_class(cell.label),
        likeliest=cell_class(cell.label),
        confidence=percent(cell.confidence),
        abstained=cell.abstained,
        reason=cell.reason,
        x=cell.x0,
        y=cell.y0,
        width=cell.x1 - cell.x0,
        height=cell.y1 - cell.y0,
    )


def ranked_shares(cell: Cell) -> list[Share]:
    """Return the probability of every class, most probable first."""
    ranked = sorted(cell.probabilities.items(), key=lambda item: -item[1])
    return [Share(cell_class(label), percent(value), length(value)) for label, value in ranked]


def tally(cells: Iterable[CellView]) -> list[Tally]:
    """Count cells by what they are presented as, most frequent first, unidentified last."""
    counts = Counter(cell.kind for cell in cells)
    total = sum(counts.values())
    ordered = sorted(counts.items(), key=lambda item: (item[0] is UNIDENTIFIED, -item[1], item[0].short))
    return [Tally(kind, count, percent(count / total), length(count / total)) for kind, count in ordered]


def percent(share: float) -> str:
    """Write a share of 0..1 as a percentage with one decimal, such as "97.2 %"."""
    return _("%(number)s %%") % {"number": number_format(round(100 * share, 1), 1)}


def length(share: float) -> str:
    """Write a share of 0..1 as an SVG length of 0..100, whatever the language's decimal sign."""
    return f"{100 * share:.2f}"
