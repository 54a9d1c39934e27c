"""Trends: the classes' shares of the leukocytes through time, over all signed samples a person may see."""

from __future__ import annotations

from datetime import date
from typing import Final

from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.template.defaultfilters import floatformat
from django.utils.formats import date_format
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy
from django.views.decorators.http import require_GET

from accounts.permissions import Capability
from accounts.web.access import requires, signed_in
from predictions import selectors
from predictions.models import CellType
from predictions.selectors.trends import SPANS, Period, Step
from predictions.web.charts import Chart, Reading, chart

DEFAULT_DAYS: Final = 90
NAMES: Final = {
    30: gettext_lazy("30 days"),
    90: gettext_lazy("90 days"),
    365: gettext_lazy("1 year"),
}
# What a point stands for, and how its beginning is written.
POINTS: Final = {
    Step.DAY: (gettext_lazy("one day"), gettext_lazy("Day"), "j M"),
    Step.WEEK: (gettext_lazy("one week, from Monday"), gettext_lazy("Week of"), "j M"),
    Step.MONTH: (gettext_lazy("one month"), gettext_lazy("Month"), "M Y"),
}


@require_GET
@requires(Capability.VIEW_RESULTS)
def trends(request: HttpRequest) -> HttpResponse:
    """Show a chart for each class, and the same numbers as a table."""
    asked = request.GET.get("days", "")
    days = next((span for span in SPANS if str(span) == asked), DEFAULT_DAYS)
    found = selectors.trend(signed_in(request), days)
    point, head, form = POINTS[found.step]
    charts = [one for kind in found.types if (one := _chart(kind, found.periods, form)) is not None]
    context = {
        "spans": list(NAMES.items()),
        "days": days,
        "point": point,
        "head": head,
        "charts": charts,
        "samples": sum(period.samples for period in found.periods),
        "leukocytes": sum(period.counted.total for period in found.periods),
        "rows": [_row(period, charts, form) for period in found.periods],
    }
    return render(request, "predictions/trends.html", context)


def _chart(kind: CellType, periods: list[Period], form: str) -> Chart | None:
    return chart(kind, [_reading(kind, period, form) for period in periods])


def _reading(kind: CellType, period: Period, form: str) -> Reading:
    when, percent = _when(period.begins, form), _percent(period, kind)
    facts = {
        "when": when,
        "percent": floatformat(percent, 1),
        "n": period.counted.total,
        "samples": period.samples,
    }
    told = _("%(when)s: %(percent)s %% of %(n)d leukocytes in %(samples)d samples") % facts
    return Reading(when, percent, told)


def _percent(period: Period, kind: CellType) -> float | None:
    return next((row.percent for row in period.counted.rows if row.code == kind.code), None)


def _row(period: Period, charts: list[Chart], form: str) -> dict[str, object]:
    shares = [_percent(period, one.kind) for one in charts]
    return {
        "when": _when(period.begins, form),
        "samples": period.samples,
        "total": period.counted.total,
        "shares": ["–" if share is None else floatformat(share, 1) for share in shares],
    }


def _when(begins: date, form: str) -> str:
    return date_format(begins, form)
