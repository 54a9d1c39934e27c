"""Keeping the counts of each day exact, in the transaction of whatever changes them.

One statement counts a new reading (``count_reading``); of all readings it is what the tests hold the table
against. Whoever writes here does so shortly before
the log, which puts all transactions in a row anyhow, so these few rows make nobody wait longer.
"""

from __future__ import annotations

from collections.abc import Sequence
from datetime import date
from typing import Final, NamedTuple
from uuid import UUID

from django.conf import settings
from django.db import connection
from django.db.models import Count, F, Q
from django.db.models.functions import Greatest, TruncDate

from predictions.models import Analysis, Cell, DayTally
from predictions.selectors.readings import last_verdict

# %(zone)s is the portal's time zone; {which} narrows the readings. Sorted, so that two who add never wait for
# each other in a circle.
COUNT: Final = """
INSERT INTO predictions_daytally AS told
       (day, site_id, model_version_id, label, cells, unidentified, reviewed, overridden)
SELECT (analysis.created_at AT TIME ZONE %(zone)s)::date, field.site_id, analysis.model_version_id,
       cell.label, count(*), count(*) FILTER (WHERE cell.abstained),
       count(word.verdict_id) FILTER (WHERE NOT cell.abstained),
       count(*) FILTER (WHERE NOT cell.abstained AND word.verdict_id <> cell.label)
  FROM predictions_cell AS cell
  JOIN predictions_analysis AS analysis ON analysis.id = cell.analysis_id
  JOIN predictions_smearfield AS field ON field.id = analysis.field_id
  LEFT JOIN LATERAL (SELECT verdict_id FROM predictions_cellreview AS review
                      WHERE review.cell_id = cell.id ORDER BY id DESC LIMIT 1) AS word ON true
 WHERE {which}
 GROUP BY 1, 2, 3, 4 ORDER BY 1, 2, 3, 4
"""
ADD: Final = """
ON CONFLICT (day, site_id, model_version_id, label) DO UPDATE
   SET cells = told.cells + EXCLUDED.cells, unidentified = told.unidentified + EXCLUDED.unidentified
"""


class Row(NamedTuple):
    """What a row of the table is found by, in the order in which rows are locked."""

    day: date
    site: UUID
    version: UUID
    label: str


FOUND_BY: Final = ("day", "analysis__field__site", "analysis__model_version", "label")
Reviewed = dict[Row, tuple[int, int]]


def count_reading(analysis: Analysis) -> None:
    """Add the cells of a reading that was just stored."""
    with connection.cursor() as cursor:
        one = COUNT.format(which="analysis.id = %(analysis)s") + ADD
        cursor.execute(one, {"zone": settings.TIME_ZONE, "analysis": analysis.pk})


def reviewed_now(cells: Sequence[UUID]) -> Reviewed:
    """Return how many answers among ``cells`` are reviewed and overridden, by row; one query."""
    answered = Cell.objects.filter(pk__in=cells, abstained=False).order_by()
    rows = (
        answered.annotate(verdict=last_verdict(), day=TruncDate("analysis__created_at"))
        .values(*FOUND_BY)
        .annotate(
            reviewed=Count("verdict"),
            overridden=Count("pk", filter=Q(verdict__isnull=False) & ~Q(verdict=F("label"))),
        )
        .values_list(*FOUND_BY, "reviewed", "overridden")
    )
    return {Row(*row[:4]): (row[4], row[5]) for row in rows}


def count_reviews(cells: Sequence[UUID], before: Reviewed) -> None:
    """Bring the rows of ``cells`` to what people say now; ``before`` is what ``reviewed_now`` said before."""
    for row, (reviewed, overridden) in sorted(reviewed_now(cells).items()):
        more, other = reviewed - before[row][0], overridden - before[row][1]
        if more or other:
            DayTally.objects.filter(
                day=row.day, site=row.site, model_version=row.version, label=row.label
            ).update(
                reviewed=Greatest(F("reviewed") + more, 0), overridden=Greatest(F("overridden") + other, 0)
            )
