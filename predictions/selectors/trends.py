"""The classes' shares of the leukocytes through time: of all signed samples together, and of one patient."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from enum import StrEnum
from typing import TYPE_CHECKING, Final

from django.contrib.postgres.fields import ArrayField
from django.db.models import Count, DateTimeField, F, Func, IntegerField, QuerySet, Sum, Value
from django.utils import timezone

from hematovision.core.days import midnight
from predictions.differential.counts import Differential
from predictions.models import CellType, Sample, SampleTally
from predictions.selectors.counting import Counted, differential
from predictions.selectors.rules import RulesInForce, rules
from predictions.selectors.samples import visible_samples
from predictions.selectors.tallies import stored_tallies
from predictions.states import SampleState

if TYPE_CHECKING:
    from django.contrib.auth.models import AnonymousUser

    from accounts.models import User

SIGNED: Final = (SampleState.SIGNED, SampleState.AMENDED)
MOST_EARLIER: Final = 8


class Step(StrEnum):
    """How much time one point stands for."""

    DAY = "day"
    WEEK = "week"
    MONTH = "month"


# How many days a trend may span, and what its points then stand for.
SPANS: Final = {30: Step.DAY, 90: Step.WEEK, 365: Step.MONTH}


@dataclass(frozen=True, slots=True)
class Period:
    """All signed samples received in one period, counted as if they were one."""

    begins: date
    samples: int
    counted: Differential


@dataclass(frozen=True, slots=True)
class Trend:
    """Periods without a gap, oldest first; ``types`` are those that are a row of some period."""

    step: Step
    periods: list[Period]
    types: list[CellType]


@dataclass(frozen=True, slots=True)
class Visit:
    """One sample of a patient, and its count."""

    sample: Sample
    counted: Differential


def trend(user: User | AnonymousUser, days: int) -> Trend:
    """Return the shares in the signed samples that ``user`` may see, received in the last ``days``.

    Whole weeks and months, so the first one may begin before that; four queries.

    Raises:
        KeyError: ``days`` is none of ``SPANS``.
    """
    step, types, in_force = SPANS[days], list(CellType.objects.all()), rules()
    begins = periods(step, timezone.localdate(), days)
    signed = visible_samples(user).filter(state__in=SIGNED, received_at__gte=midnight(begins[0]))
    samples = dict(_by_period(signed.order_by(), "received_at", begins).annotate(Count("pk")))
    pooled: list[Counted] = [{} for _begin in begins]
    tallies = SampleTally.objects.filter(sample__in=signed)
    for place, code, number in _by_period(tallies, "sample__received_at", begins, "code").annotate(
        Sum("number")
    ):
        pooled[place - 1][code] = number
    return Trend(
        step,
        [
            Period(begin, samples.get(place, 0), _pooled(counted, types, in_force))
            for place, (begin, counted) in enumerate(zip(begins, pooled, strict=True), start=1)
        ],
        types,
    )


def periods(step: Step, today: date, days: int) -> list[date]:
    """Return the days on which the periods begin that hold the last ``days`` up to ``today``."""
    first = today - timedelta(days=days - 1)
    if step == Step.DAY:
        return [first + timedelta(days=day) for day in range(days)]
    if step == Step.WEEK:
        first -= timedelta(days=first.weekday())
        return [first + timedelta(weeks=week) for week in range((today - first).days // 7 + 1)]
    months = range(12 * first.year + first.month - 1, 12 * today.year + today.month)
    return [date(month // 12, month % 12 + 1, 1) for month in months]


def visits(
    sample: Sample, counted: Differential, types: list[CellType], in_force: RulesInForce
) -> list[Visit]:
    """Return the patient's last signed samples before this one and this one itself, oldest first.

    Empty where there is none before; a patient is known by the reference at one site. Two queries.
    """
    if not sample.patient_reference:
        return []
    before = Sample.objects.filter(
        site_id=sample.site_id,
        patient_reference=sample.patient_reference,
        received_at__lt=sample.received_at,
        state__in=SIGNED,
    )
    earlier = list(before.order_by("-received_at")[:MOST_EARLIER])[::-1]
    if not earlier:
        return []
    told = stored_tallies([one.pk for one in earlier])
    found = [Visit(one, differential(one, told[one.pk], types, in_force)) for one in earlier]
    return [*found, Visit(sample, counted)]


def _pooled(counted: Counted, types: Sequence[CellType], in_force: RulesInForce) -> Differential:
    return differential(Sample(), counted, types, in_force)


def _by_period(rows: QuerySet, moment: str, begins: Sequence[date], *more: str) -> QuerySet:
    """Group rows by the number of the period, from 1, in which ``moment`` lies."""
    starts: list[datetime] = [midnight(begin) for begin in begins]
    bounds = Value(starts, output_field=ArrayField(DateTimeField()))
    place = Func(F(moment), bounds, function="width_bucket", output_field=IntegerField())
    return rows.annotate(place=place).values_list("place", *more)
