"""How a patient's count has changed since the sample before."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from predictions.differential.counts import Differential
from predictions.models import CellType, Sample
from predictions.selectors.counting import differential, tallied
from predictions.selectors.rules import RulesInForce
from predictions.states import SampleState

if TYPE_CHECKING:
    from predictions.differential.delta import Delta


@dataclass(frozen=True, slots=True)
class Previous:
    """The patient's last signed sample before this one, and every class that has changed beyond the limit."""

    sample: Sample
    deltas: tuple[Delta, ...]


def against_previous(
    sample: Sample, counted: Differential, types: list[CellType], in_force: RulesInForce
) -> Previous | None:
    """Compare a sample with the same patient's signed one before it; None where there is none to compare.

    A patient is known by the reference at one site.
    """
    if not sample.patient_reference or not counted.total:
        return None
    before = (
        Sample.objects.filter(
            site_id=sample.site_id,
            patient_reference=sample.patient_reference,
            received_at__lt=sample.received_at,
            state__in=(SampleState.SIGNED, SampleState.AMENDED),
        )
        .order_by("-received_at")
        .first()
    )
    if before is None:
        return None
    from predictions.differential.delta import compare  # noqa: PLC0415 -- scipy.stats takes a second to load

    earlier = differential(before, tallied([before.pk])[before.pk], types, in_force)
    changed = compare(earlier, counted, in_force.delta_points)
    return Previous(before, tuple(delta for delta in changed if delta.flagged))
