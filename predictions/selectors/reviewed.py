"""The cells of signed samples that people have named: what a model may learn from."""

from __future__ import annotations

from collections import Counter, defaultdict
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from datetime import date
from typing import TYPE_CHECKING, Final
from uuid import UUID

from django.db.models import OuterRef, QuerySet, Subquery
from django.utils.crypto import salted_hmac

from predictions.models import Analysis, Cell, CellReview, CellType, Report, Sample
from predictions.models.catalogue import DUPLICATE, CountsAs
from predictions.models.reviews import ReviewKind
from predictions.selectors.samples import visible_samples
from predictions.states import SampleState

if TYPE_CHECKING:
    from accounts.models import User

# So many samples are looked through at once; a sample has some hundred cells.
BATCH: Final = 100


@dataclass(frozen=True, slots=True)
class Period:
    """Which samples: of one site or of all, by the days on which they were last signed, both included."""

    site: UUID | None = None
    since: date | None = None
    until: date | None = None


@dataclass(frozen=True, slots=True)
class Named:
    """A cell with the type that the last word gave it, and what must stand on one side of a split with it."""

    cell: Cell
    code: str
    together: str


@dataclass(slots=True)
class Reviewed:
    """What was found: cells to learn from, those that people disagree on, and how many were left out."""

    samples: int = 0
    opted_out: int = 0
    cells: list[Named] = field(default_factory=list)
    disagreed: list[Cell] = field(default_factory=list)
    unseen: int = 0
    no_class: int = 0

    @property
    def classes(self) -> Counter[str]:
        """How many cells have which type."""
        return Counter(one.code for one in self.cells)


def reviewed_cells(user: User, period: Period) -> Reviewed:
    """Return the cells of signed samples by the words in force when they were last signed.

    A cell counts when a person has confirmed or renamed it; one that only the model named teaches nothing,
    and one that two people named differently is listed instead. Samples that are not to be used for
    training are left out. Five queries for each hundred samples.
    """
    signed = _signed(user, period)
    found = Reviewed(opted_out=signed.filter(training_opt_out=True).count())
    samples = list(signed.filter(training_opt_out=False).order_by("received_at", "pk"))
    found.samples = len(samples)
    learned = dict(CellType.objects.values_list("pk", "counts_as"))
    for start in range(0, len(samples), BATCH):
        _look_through(samples[start : start + BATCH], learned, found)
    return found


def _signed(user: User, period: Period) -> QuerySet[Sample]:
    samples = visible_samples(user).filter(state__in=(SampleState.SIGNED, SampleState.AMENDED))
    samples = samples.annotate(last_signed=_of_report("signed_at"), pinned=_of_report("revision"))
    if period.site:
        samples = samples.filter(site=period.site)
    if period.since:
        samples = samples.filter(last_signed__date__gte=period.since)
    if period.until:
        samples = samples.filter(last_signed__date__lte=period.until)
    return samples.filter(last_signed__isnull=False)


def _of_report(column: str) -> Subquery:
    """Return a column of the newest report of a sample."""
    return Subquery(Report.objects.filter(sample=OuterRef("pk")).order_by("-version").values(column)[:1])


def _look_through(samples: Sequence[Sample], learned: dict[str, str], found: Reviewed) -> None:
    """Add the cells of some samples to what was found."""
    by_key = {sample.pk: sample for sample in samples}
    said = _words(by_key)
    for cell in _cells(by_key):
        sample = by_key[cell.analysis.field.sample_id]  # type: ignore[index]  # a field of a sample has one
        words = said.get(cell.pk, [])
        last = words[-1].verdict_id if words else None
        if last is None:
            found.unseen += 1
        elif _differ(words):
            found.disagreed.append(cell)
        elif last == DUPLICATE or learned.get(last) in {None, CountsAs.ARTEFACT}:
            found.no_class += 1
        else:
            found.cells.append(Named(cell, last, _together(sample)))


def _words(samples: dict[UUID, Sample]) -> dict[UUID, list[CellReview]]:
    """Return what was said of each cell until its sample was last signed, in order."""
    said: defaultdict[UUID, list[CellReview]] = defaultdict(list)
    for review in CellReview.objects.filter(sample__in=samples).order_by("id"):
        if review.revision <= samples[review.sample_id].pinned:  # type: ignore[attr-defined]  # annotated above
            said[review.cell_id].append(review)
    return said


def _cells(samples: dict[UUID, Sample]) -> Iterable[Cell]:
    """Return the cells of the reading of each field that was the newest when the sample was signed."""
    readings = Analysis.objects.filter(field__sample__in=samples).order_by("created_at")
    columns = readings.values_list("pk", "field", "field__sample", "created_at")
    newest = {
        field_id: key
        for key, field_id, sample_id, at in columns
        if at <= samples[sample_id].last_signed  # type: ignore[attr-defined]  # annotated above
    }
    cells = Cell.objects.filter(analysis__in=newest.values()).select_related(
        "analysis__field__image", "analysis__field__site"
    )
    return cells.defer("probabilities", "reason", "look", "features").order_by("analysis__field", "number")


def _differ(words: Sequence[CellReview]) -> bool:
    """Say whether two people's last words on a cell differ; who took theirs back has none."""
    last = {word.actor_id: word for word in words}
    verdicts = {word.verdict_id for word in last.values() if word.kind != ReviewKind.UNDONE}
    return len(verdicts) > 1


def _together(sample: Sample) -> str:
    """Return the same text for all samples of a patient, which does not tell who that is."""
    if not sample.patient_reference:
        return f"s-{sample.pk.hex}"
    named = f"{sample.site_id}:{sample.patient_reference}"
    return f"p-{salted_hmac('predictions.reviewed', named, algorithm='sha256').hexdigest()[:32]}"
