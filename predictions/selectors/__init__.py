"""Every read of the image line, and the one place that decides who sees what."""

from predictions.selectors.access import field_detail, latest_reading, visible_cell, visible_fields
from predictions.selectors.history import HistoryPage, history
from predictions.selectors.people import uploaders
from predictions.selectors.queue import failed_jobs, jobs_ahead, queue_status, state_counts

__all__ = [
    "HistoryPage",
    "failed_jobs",
    "field_detail",
    "history",
    "jobs_ahead",
    "latest_reading",
    "queue_status",
    "state_counts",
    "uploaders",
    "visible_cell",
    "visible_fields",
]
