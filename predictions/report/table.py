"""The differential in words and numbers, as the template sets it."""

from __future__ import annotations

import math
from typing import Any, Final

from django.template.defaultfilters import floatformat
from django.utils.translation import gettext as _

from predictions.report.content import Differential, Row

# A label and what stands beside it.
Pairs = list[tuple[str, str]]
STEPS: Final = (5, 10, 20)


def table(differential: Differential) -> dict[str, Any]:
    """Return the rows of the differential, the axis of its chart and the totals below."""
    ticks = _ticks(differential.rows)
    units = sorted({row.unit for row in differential.rows if row.unit})
    return {
        "title": _("Differential"),
        "empty": _("No leukocytes were counted."),
        "columns": [
            _("Class"),
            "n",
            "%",
            _("95 % interval*"),
            _("Reference"),
            _("Flag"),
            _("Absolute"),
        ],
        "unit": ", ".join(units),
        "top": ticks[-1],
        "ticks": ticks,
        "rows": [_row(row) for row in differential.rows],
        "totals": _totals(differential),
        "note": _("* Counting error only: what chance alone does to a count of this size."),
        "legend": [_("per cent of leukocytes"), _("95 % interval"), _("reference range")],
    }


def _ticks(rows: tuple[Row, ...]) -> list[int]:
    """Return the marks of the chart's axis in percent: at most six, up to where the longest bar reaches."""
    reach = min(100, max((max(row.high, row.range_high or 0) for row in rows), default=0))
    step = next(step for step in STEPS if reach <= 5 * step)
    return list(range(0, max(1, math.ceil(reach / step)) * step + 1, step))


def _row(row: Row) -> dict[str, Any]:
    flag = {"low": _("Low"), "high": _("High"), "": ""}[row.flag]
    interval = f"{_number(row.low)} – {_number(row.high)}"
    said = {
        "name": row.name,
        "percent": _number(row.percent),
        "interval": interval,
        "range": row.range_text or _("none"),
    }
    return {
        "short": row.short_name,
        "name": row.name,
        "count": str(row.count),
        "percent": said["percent"],
        "interval": interval,
        "range": row.range_text,
        "flag": row.flag,
        "flagged": flag,
        "within": _("within counting error") if row.flag and row.within_error else "",
        "absolute": "" if row.absolute is None else _number(row.absolute, 2),
        "alt": _("%(name)s: %(percent)s %%, interval %(interval)s, reference range %(range)s.") % said,
        "bar": [row.percent, row.low, row.high],
        "band": _band(row),
    }


def _band(row: Row) -> list[float]:
    """Return from where to where the reference range is drawn; an open side ends where the axis does."""
    if row.range_low is None and row.range_high is None:
        return []
    return [row.range_low or 0, 100 if row.range_high is None else row.range_high]


def _totals(differential: Differential) -> Pairs:
    numbers = {"counted": differential.counted, "target": differential.target}
    counted = (
        _("%(counted)d of %(target)d wanted") % numbers if differential.target else str(differential.counted)
    )
    pairs = [(_("Leukocytes counted"), counted)]
    unit = differential.wbc_unit
    if differential.nrbc_per_100 is not None:
        pairs.append((_("NRBC per 100 WBC"), _number(differential.nrbc_per_100)))
    if differential.wbc is not None:
        pairs.append((_("WBC"), f"{_number(differential.wbc, 2)} {unit}"))
    if differential.corrected_wbc is not None:
        pairs.append((_("WBC corrected for NRBC"), f"{_number(differential.corrected_wbc, 2)} {unit}"))
    return pairs


def _number(value: float, places: int = 1) -> str:
    """Return a number rounded as the pages round it; Django's number_format cuts off instead."""
    return floatformat(value, places)
