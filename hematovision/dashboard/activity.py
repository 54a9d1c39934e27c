"""What the portal did today, in 7 and in 30 days: four queries, each over the last 30 days at most.

Cells are not counted here but read from the counts of each day (``predictions.models.DayTally``), which are
exact at every moment; samples, fields and times are few enough to be looked at.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, field
from datetime import date, datetime, timedelta
from typing import Any, Final

from django.contrib.postgres.fields import ArrayField
from django.db.models import (
    Aggregate,
    Count,
    DateTimeField,
    FloatField,
    Func,
    IntegerField,
    Q,
    QuerySet,
    Sum,
    Value,
)
from django.utils import timezone
from django.utils.functional import Promise
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from predictions.models import AnalysisJob, DayTally, Sample
from predictions.states import SampleState

DAYS: Final[dict[int, Promise]] = {
    1: gettext_lazy("today"),
    7: gettext_lazy("last 7 days"),
    30: gettext_lazy("last 30 days"),
}
LONGEST: Final = max(DAYS)


class Middles(Aggregate):
    """The values below which half and nine tenths of the rows lie: one slow night moves neither much."""

    name = "middles"
    template = "percentile_cont(ARRAY[0.5, 0.9]) WITHIN GROUP (ORDER BY %(expressions)s)"


@dataclass(frozen=True, slots=True)
class Wait:
    """How long something took in seconds, the median and the 90th percentile, of ``count`` that ended."""

    count: int
    median: float | None
    most: float | None

    @property
    def told(self) -> str:
        """Both as people say them."""
        return f"{_as_said(self.median)} / {_as_said(self.most)}"


@dataclass(slots=True)
class Cells:
    """How many cells were read, and what became of them; shares in percent, None without any."""

    read: int = 0
    unidentified: int = 0
    reviewed: int = 0
    overridden: int = 0

    def add(self, row: dict[str, Any]) -> None:
        """Count a row of the days in."""
        self.read += row["cells"]
        self.unidentified += row["unidentified"]
        self.reviewed += row["reviewed"]
        self.overridden += row["overridden"]

    @property
    def abstention(self) -> float | None:
        """Cells that the model would not name, of all."""
        return 100 * self.unidentified / self.read if self.read else None

    @property
    def overrides(self) -> float | None:
        """Answers that a person has changed, of those that people have looked at."""
        return 100 * self.overridden / self.reviewed if self.reviewed else None


@dataclass(slots=True)
class Period:
    """Counts since the day ``begins``, and how long results and signatures took that came since then."""

    name: str | Promise
    begins: date
    samples: int
    uploads: int
    to_result: Wait
    to_signature: Wait
    cells: Cells = field(default_factory=Cells)


@dataclass(frozen=True, slots=True)
class Activity:
    """``samples`` and ``cells`` by day without a gap, oldest first; classes and versions over all days."""

    periods: list[Period]
    days: list[date]
    samples: list[int]
    cells: list[Cells]
    classes: dict[str, Cells]
    versions: dict[tuple[Any, str], Cells]


def activity(now: datetime | None = None) -> Activity:
    """Return the counts of today (since midnight in the portal's time zone), 7 and 30 days."""
    midnight = timezone.localtime(now).replace(hour=0, minute=0, second=0, microsecond=0)
    today = midnight.date()
    midnights = [midnight - timedelta(days=ago) for ago in reversed(range(LONGEST))]
    days = [start.date() for start in midnights]
    starts = {span: midnights[-span] for span in DAYS}
    samples = _samples(midnights)
    periods = list(_periods(starts, samples))
    found = Activity(
        periods, days, [samples.get(day, 0) for day in days], [Cells() for _day in days],
        defaultdict(Cells), defaultdict(Cells),
    )  # fmt: skip
    for row in _tallies(days[0], today):
        found.cells[(row["day"] - days[0]).days].add(row)
        found.classes[row["label"]].add(row)
        found.versions[row["model_version"], row["model_version__version"]].add(row)
        for period in periods:
            if row["day"] >= period.begins:
                period.cells.add(row)
    return found


def _as_said(seconds: float | None) -> str:
    if seconds is None:
        return "–"
    for most, size, text in (
        (100, 1, _("%(n).1f s")),
        (100 * 60, 60, _("%(n).0f min")),
        (100 * 3600, 3600, _("%(n).0f h")),
    ):
        if seconds < most:
            return text % {"n": seconds / size}
    return _("%(n).0f d") % {"n": seconds / 86400}


def _tallies(first: date, last: date) -> Iterable[dict[str, Any]]:
    named = ("day", "label", "model_version", "model_version__version")
    sums = {name: Sum(name) for name in ("cells", "unidentified", "reviewed", "overridden")}
    # Under its own name a sum would hide the column that the next one adds up.
    rows = DayTally.objects.filter(day__range=(first, last)).order_by().values(*named)
    for row in rows.annotate(**{f"sum_{name}": total for name, total in sums.items()}):
        yield {name.removeprefix("sum_"): value for name, value in row.items()}


def _samples(midnights: Sequence[datetime]) -> dict[date, int]:
    """Return how many samples were received on each day that begins then; cancelled ones are none.

    The days go to the database as moments: to ask it for the day of each row takes twice as long.
    """
    received = Sample.objects.filter(received_at__gte=midnights[0]).exclude(state=SampleState.CANCELLED)
    begun = Value(list(midnights), ArrayField(DateTimeField()))
    which = Func("received_at", begun, function="width_bucket", output_field=IntegerField())
    rows = received.order_by().annotate(which=which).values_list("which").annotate(Count("pk"))
    return {midnights[which - 1].date(): number for which, number in rows}


def _periods(starts: dict[int, datetime], samples: dict[date, int]) -> Iterator[Period]:
    uploads = _waits(AnalysisJob.objects.all(), "uploaded_at", "result_seconds", starts)
    signed = _waits(Sample.objects.all(), "first_signed_at", "signature_seconds", starts)
    for span, name in DAYS.items():
        begins = starts[span].date()
        yield Period(
            name=name,
            begins=begins,
            samples=sum(number for day, number in samples.items() if day >= begins),
            uploads=uploads[span][0],
            to_result=uploads[span][1],
            to_signature=signed[span][1],
        )


def _waits(
    rows: QuerySet[Any], moment: str, seconds: str, starts: dict[int, datetime]
) -> dict[int, tuple[int, Wait]]:
    """Return for each span how many rows there are, and how long those took that ended; one query.

    The rows keep what they took in the column ``seconds``, and an index of both columns tells all of it.
    """
    asked: dict[str, Aggregate] = {}
    for span, start in starts.items():
        inside = Q(**{f"{moment}__gte": start})
        # Both leave rows out that have not ended.
        asked |= {
            f"all{span}": Count(moment, filter=inside),
            f"ended{span}": Count(seconds, filter=inside),
            f"middles{span}": Middles(seconds, filter=inside, output_field=ArrayField(FloatField())),
        }
    told = rows.filter(**{f"{moment}__gte": starts[LONGEST]}).aggregate(**asked)
    return {
        span: (told[f"all{span}"], Wait(told[f"ended{span}"], *(told[f"middles{span}"] or (None, None))))
        for span in starts
    }
