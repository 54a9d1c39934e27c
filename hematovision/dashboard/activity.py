"""What the portal did today, in 7 and in 30 days: three queries, each over the last 30 days at most."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Final

from django.db.models import Aggregate, Count, DurationField, F, Q
from django.utils import timezone
from django.utils.functional import Promise
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy

from predictions.models import Analysis, Cell, SmearField

DAYS: Final[dict[int, Promise]] = {
    1: gettext_lazy("today"),
    7: gettext_lazy("last 7 days"),
    30: gettext_lazy("last 30 days"),
}


class Median(Aggregate):
    """The middle value: half of the rows lie above it, which one slow night cannot move."""

    name = "median"
    template = "percentile_cont(0.5) WITHIN GROUP (ORDER BY %(expressions)s)"


@dataclass(frozen=True, slots=True)
class Period:
    """Counts of one period; shares and times are None while there is nothing to count.

    ``unsure`` is the percentage of found cells that the model would not name, ``seconds`` the median from
    upload to stored result.
    """

    name: str | Promise
    uploads: int
    results: int
    cells: int
    unsure: float | None
    seconds: float | None

    @property
    def wait(self) -> str:
        """The median as people say it."""
        if self.seconds is None:
            return "–"
        if self.seconds < 100:
            return _("%(n).1f s") % {"n": self.seconds}
        return _("%(n).0f min") % {"n": self.seconds / 60}


def activity(now: datetime | None = None) -> list[Period]:
    """Return the counts of today (since midnight in the portal's time zone), 7 and 30 days."""
    midnight = timezone.localtime(now).replace(hour=0, minute=0, second=0, microsecond=0)
    starts = {days: midnight - timedelta(days=days - 1) for days in DAYS}
    since = starts[max(DAYS)]
    uploads = SmearField.objects.filter(created_at__gte=since).aggregate(
        **{f"n{days}": Count("pk", filter=Q(created_at__gte=start)) for days, start in starts.items()}
    )
    taken = F("created_at") - F("field__created_at")
    results = Analysis.objects.filter(created_at__gte=since).aggregate(
        **{f"n{days}": Count("pk", filter=Q(created_at__gte=start)) for days, start in starts.items()},
        **{
            f"median{days}": Median(taken, filter=Q(created_at__gte=start), output_field=DurationField())
            for days, start in starts.items()
        },
    )
    within = {days: Q(analysis__created_at__gte=start) for days, start in starts.items()}
    cells = Cell.objects.filter(analysis__created_at__gte=since).aggregate(
        **{f"n{days}": Count("pk", filter=inside) for days, inside in within.items()},
        **{
            f"unsure{days}": Count("pk", filter=inside & Q(abstained=True)) for days, inside in within.items()
        },
    )
    return [
        Period(
            name=name,
            uploads=uploads[f"n{days}"],
            results=results[f"n{days}"],
            cells=cells[f"n{days}"],
            unsure=100 * cells[f"unsure{days}"] / cells[f"n{days}"] if cells[f"n{days}"] else None,
            seconds=median.total_seconds() if (median := results[f"median{days}"]) is not None else None,
        )
        for days, name in DAYS.items()
    ]
