"""How a patient's count has gone through their samples, as the sample's page shows it."""

from __future__ import annotations

from dataclasses import dataclass

from django.template.defaultfilters import floatformat
from django.utils import timezone
from django.utils.formats import date_format
from django.utils.translation import gettext as _

from predictions.models import CellType
from predictions.selectors import Visit
from predictions.web.charts import Chart, Reading, chart


@dataclass(frozen=True, slots=True)
class Visits:
    """A chart for each class that was found, and a row for each sample: day, leukocytes, shares."""

    charts: list[Chart]
    rows: list[tuple[Visit, str, list[str]]]


def visits_told(visits: list[Visit], types: list[CellType]) -> Visits | None:
    """Return a patient's samples as charts and rows; None where there is only one."""
    if not visits:
        return None
    readings = {kind.code: [_reading(visit, kind) for visit in visits] for kind in types}
    charts = [one for kind in types if (one := chart(kind, readings[kind.code])) is not None]
    rows = [
        (visit, _day(visit), [_share(readings[one.kind.code][place]) for one in charts])
        for place, visit in enumerate(visits)
    ]
    return Visits(charts, rows)


def _reading(visit: Visit, kind: CellType) -> Reading:
    percent = next((row.percent for row in visit.counted.rows if row.code == kind.code), None)
    facts = {"when": _day(visit), "percent": floatformat(percent, 1), "n": visit.counted.total}
    return Reading(_day(visit), percent, _("%(when)s: %(percent)s %% of %(n)d leukocytes") % facts)


def _share(reading: Reading) -> str:
    return "–" if reading.percent is None else floatformat(reading.percent, 1)


def _day(visit: Visit) -> str:
    return date_format(timezone.localtime(visit.sample.received_at), "j M Y")
