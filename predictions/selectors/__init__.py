"""Every read of the image line, and the one place that decides who sees what."""

from predictions.selectors.access import field_detail, latest_reading, visible_cell, visible_fields
from predictions.selectors.counting import differential, tallied
from predictions.selectors.delta import Previous, against_previous
from predictions.selectors.duplicates import Duplicate, duplicates, earlier_same, number_in_sample
from predictions.selectors.history import HistoryPage, history
from predictions.selectors.judged import Judged, Noted, judged, range_of
from predictions.selectors.partial import unfinished
from predictions.selectors.people import uploaders
from predictions.selectors.quality import QualityFlag, quality_flags
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
from predictions.selectors.similar import SimilarCell, similar_cells
from predictions.selectors.twins import comparable_cells, open_twins, suggested, twin_of
from predictions.selectors.worklist import WorklistPage, next_sample, states_counted, worklist

__all__ = [
    "CellState",
    "Duplicate",
    "HistoryPage",
    "Judged",
    "Noted",
    "Previous",
    "QualityFlag",
    "RulesInForce",
    "SimilarCell",
    "WorklistPage",
    "against_previous",
    "cell_states",
    "cell_trail",
    "changed_since",
    "comparable_cells",
    "differential",
    "duplicates",
    "earlier_same",
    "failed_jobs",
    "field_detail",
    "history",
    "jobs_ahead",
    "judged",
    "latest_reading",
    "next_sample",
    "number_in_sample",
    "open_twins",
    "quality_flags",
    "queue_status",
    "range_of",
    "report_by_code",
    "rules",
    "rules_of",
    "similar_cells",
    "state_counts",
    "states_counted",
    "suggested",
    "tallied",
    "twin_of",
    "unfinished",
    "uploaders",
    "visible_cell",
    "visible_fields",
    "visible_reports",
    "visible_samples",
    "worklist",
]
