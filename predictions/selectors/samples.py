"""Samples and their cells, for those who may see them."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any
from uuid import UUID

from django.db.models import Count, Max, Q, QuerySet

from accounts.models import User
from accounts.permissions import Capability, can
from predictions.models import Cell, CellReview, CellType, Order, Sample, SmearField
from predictions.selectors.emergency import opened_samples
from predictions.selectors.readings import newest_readings

if TYPE_CHECKING:
    from django.contrib.auth.models import AnonymousUser


@dataclass(frozen=True, slots=True)
class CellState:
    """A cell as it stands: what the model said, and the last word of a person, if there is one.

    ``known`` says that the model's class is in the laboratory's catalogue; of another one the model's word
    does not count, and the cell stays unidentified until a person names it.
    """

    cell: Cell
    review: CellReview | None
    known: bool

    @property
    def preclass(self) -> str:
        """What the model called it; empty where it abstained."""
        return "" if self.cell.abstained or not self.known else self.cell.label

    @property
    def by_person(self) -> bool:
        """Whether a person's word holds."""
        return self.review is not None and self.review.verdict_id is not None

    @property
    def code(self) -> str:
        """The type that holds now; empty while nobody has identified the cell."""
        if self.review is not None and self.review.verdict_id is not None:
            return self.review.verdict_id
        return self.preclass

    @property
    def changed(self) -> bool:
        """Whether a person called it something else than the model did."""
        return self.by_person and self.code != self.preclass

    @property
    def seen(self) -> int:
        """The key of the last review, 0 for none."""
        return self.review.pk if self.review else 0


def visible_samples(user: User | AnonymousUser) -> QuerySet[Sample]:
    """Return the samples that ``user`` may see: of all sites, of their own or opened for now, or none.

    The opened ones are asked for within the same query, by an index.
    """
    samples = Sample.objects.all()
    if can(user, Capability.VIEW_ALL_SITES):
        return samples
    if user.is_authenticated and can(user, Capability.VIEW_RESULTS):
        return samples.filter(Q(site_id=user.site_id) | Q(pk__in=opened_samples(user)))
    return samples.none()


def visible_orders(user: User | AnonymousUser) -> QuerySet[Order]:
    """Return the orders of all samples that ``user`` may see."""
    return Order.objects.filter(sample__in=visible_samples(user))


def cell_states(sample: Sample, only: Sequence[UUID] | None = None) -> list[CellState]:
    """Return the cells of a sample as they stand, by field and number; ``only`` some of them.

    Of a field that was read by several models the newest reading counts. Three queries however many cells.
    """
    cells = Cell.objects.filter(analysis__in=newest_readings([sample.pk]).values("pk"))
    reviews = CellReview.objects.filter(sample=sample)
    if only is not None:
        cells, reviews = cells.filter(pk__in=only), reviews.filter(cell__in=only)
    last = {
        review.cell_id: review
        for review in reviews.select_related("actor", "before").order_by("cell_id", "-id").distinct("cell_id")
    }
    known = set(CellType.objects.filter(active=True).values_list("pk", flat=True))
    rows = cells.defer("probabilities", "reason", "look", "features").select_related("analysis__field")
    return [
        CellState(cell, last.get(cell.pk), cell.label in known)
        for cell in rows.order_by("analysis__field__created_at", "analysis__field_id", "number")
    ]


def changed_since(sample: Sample, revision: int) -> list[CellState]:
    """Return the cells of which somebody said something after ``revision``."""
    reviews = CellReview.objects.filter(sample=sample, revision__gt=revision)
    return cell_states(sample, list(reviews.values_list("cell_id", flat=True).distinct()))


def cell_trail(user: User | AnonymousUser, cell_id: UUID) -> tuple[CellState, list[CellReview]]:
    """Return a cell of a sample as it stands, with its field, image and model, and all that was said of it.

    Raises:
        Cell.DoesNotExist: there is none in any sample that ``user`` may see.
    """
    related = ("analysis__field__image", "analysis__field__sample", "analysis__model_version")
    visible = Cell.objects.filter(analysis__field__sample__in=visible_samples(user))
    cell = visible.select_related(*related).get(pk=cell_id)
    trail = list(
        CellReview.objects.filter(cell=cell).select_related("actor", "verdict", "before").order_by("id")
    )
    known = CellType.objects.filter(pk=cell.label, active=True).exists()
    return CellState(cell, trail[-1] if trail else None, known), trail


def removed_images(sample: Sample) -> dict[str, Any]:
    """Return the ``count`` of fields whose image the retention rule removed, and when the ``last`` went."""
    removed = SmearField.objects.filter(sample=sample, image__removed_at__isnull=False)
    return removed.aggregate(count=Count("pk"), last=Max("image__removed_at"))
