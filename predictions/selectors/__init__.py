"""Every read of the image line, and the one place that decides who sees what."""

from predictions.selectors.access import field_detail, latest_reading, visible_cell, visible_fields
from predictions.selectors.counting import differential, tallied
from predictions.selectors.delta import Previous, against_previous
from predictions.selectors.history import HistoryPage, history
from predictions.selectors.judged import Judged, Noted, judged, range_of
from predictions.selectors.people import uploaders
from predictions.selectors.queue import failed_jobs, jobs_ahead, queue_status, state_counts
from predictions.selectors.reports import report_by_code, visible_reports
from predictions.selectors.rules import RulesInForce, rules, rules_of
from predictions.selectors.samples import (
    CellState,
    cell_states,
    cell_trail,
    changed_since,
    visible_samples,
)
from predictions.selectors.tallies import flags_of, poor_images, stored_tallies
from predictions.selectors.worklist import WorklistPage, next_sample, states_counted, worklist

__all__ = [
    "CellState",
    "HistoryPage",
    "Judged",
    "Noted",
    "Previous",
    "RulesInForce",
    "WorklistPage",
    "against_previous",
    "cell_states",
    "cell_trail",
    "changed_since",
    "differential",
    "failed_jobs",
    "field_detail",
    "flags_of",
    "history",
    "jobs_ahead",
    "judged",
    "latest_reading",
    "next_sample",
    "poor_images",
    "queue_status",
    "range_of",
    "report_by_code",
    "rules",
    "rules_of",
    "state_counts",
    "states_counted",
    "stored_tallies",
    "tallied",
    "uploaders",
    "visible_cell",
    "visible_fields",
    "visible_reports",
    "visible_samples",
    "worklist",
]
