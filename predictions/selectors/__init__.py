"""Every read of the image line, and the one place that decides who sees what."""

from predictions.selectors.access import (
    field_detail,
    latest_reading,
    may_change,
    visible_cell,
    visible_fields,
)
from predictions.selectors.counting import differential, tallied
from predictions.selectors.delta import Previous, against_previous
from predictions.selectors.duplicates import Duplicate, duplicates, earlier_same, number_in_sample
from predictions.selectors.history import HistoryPage, history
from predictions.selectors.judged import Judged, Noted, judged, range_of
from predictions.selectors.listed import (
    cells_of,
    fields_counted,
    fields_listed,
    samples_listed,
    samples_named,
    versions_of,
)
from predictions.selectors.partial import unfinished, unfinished_total
from predictions.selectors.patient import patient_images, patient_rows, patient_samples
from predictions.selectors.people import registrars, uploaders
from predictions.selectors.quality import QualityFlag, quality_flags
from predictions.selectors.queue import (
    failed_jobs,
    failure_counts,
    jobs_ahead,
    queue_status,
    sample_counts,
    state_counts,
)
from predictions.selectors.reports import report_by_code, visible_reports
from predictions.selectors.rules import RulesInForce, rules, rules_of
from predictions.selectors.samples import (
    CellState,
    cell_states,
    cell_trail,
    changed_since,
    removed_images,
    visible_orders,
    visible_samples,
)
from predictions.selectors.shadow import ShadowComparison, shadow_comparison
from predictions.selectors.signed import signed_report
from predictions.selectors.similar import SimilarCell, similar_cells
from predictions.selectors.tallies import flags_of, poor_images, stored_tallies
from predictions.selectors.trends import Period, Step, Trend, Visit, trend, visits
from predictions.selectors.twins import comparable_cells, open_twins, suggested, twin_of
from predictions.selectors.views import views_of, visible_view
from predictions.selectors.worklist import (
    News,
    WorklistPage,
    news_since,
    next_waiting,
    open_mark,
    states_counted,
    waits_for,
    worklist,
)

__all__ = [
    "CellState",
    "Duplicate",
    "HistoryPage",
    "Judged",
    "News",
    "Noted",
    "Period",
    "Previous",
    "QualityFlag",
    "RulesInForce",
    "ShadowComparison",
    "SimilarCell",
    "Step",
    "Trend",
    "Visit",
    "WorklistPage",
    "against_previous",
    "cell_states",
    "cell_trail",
    "cells_of",
    "changed_since",
    "comparable_cells",
    "differential",
    "duplicates",
    "earlier_same",
    "failed_jobs",
    "failure_counts",
    "field_detail",
    "fields_counted",
    "fields_listed",
    "flags_of",
    "history",
    "jobs_ahead",
    "judged",
    "latest_reading",
    "may_change",
    "news_since",
    "next_waiting",
    "number_in_sample",
    "open_mark",
    "open_twins",
    "patient_images",
    "patient_rows",
    "patient_samples",
    "poor_images",
    "quality_flags",
    "queue_status",
    "range_of",
    "registrars",
    "removed_images",
    "report_by_code",
    "rules",
    "rules_of",
    "sample_counts",
    "samples_listed",
    "samples_named",
    "shadow_comparison",
    "signed_report",
    "similar_cells",
    "state_counts",
    "states_counted",
    "stored_tallies",
    "suggested",
    "tallied",
    "trend",
    "twin_of",
    "unfinished",
    "unfinished_total",
    "uploaders",
    "versions_of",
    "views_of",
    "visible_cell",
    "visible_fields",
    "visible_orders",
    "visible_reports",
    "visible_samples",
    "visible_view",
    "visits",
    "waits_for",
    "worklist",
]
