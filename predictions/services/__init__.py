"""What people and workers do with smear fields.

``analyse_field`` and ``sweep`` are imported from their own modules, by the worker only: the model's libraries
come along with them, which a web process has no use for.
"""

from predictions.services.announce import Announced, partial_begin
from predictions.services.catalogue import cell_type_add, cell_type_change
from predictions.services.opened import field_opened, report_opened
from predictions.services.orders import order_place
from predictions.services.partial import partial_append, partial_discard
from predictions.services.reports import critical_note, report_amend, report_preview, report_sign
from predictions.services.retry import analysis_retry
from predictions.services.reviews import cells_review, review_undo
from predictions.services.rules import rules_change
from predictions.services.samples import (
    sample_cancel,
    sample_comment,
    sample_create,
    sample_edit,
    sample_opened,
    sample_return,
    sample_submit,
    samples_exported,
)
from predictions.services.submit import Submitted, field_submit
from predictions.services.views import view_delete, view_save
from predictions.services.wait import result_awaited, results_awaited

__all__ = [
    "Announced",
    "Submitted",
    "analysis_retry",
    "cell_type_add",
    "cell_type_change",
    "cells_review",
    "critical_note",
    "field_opened",
    "field_submit",
    "order_place",
    "partial_append",
    "partial_begin",
    "partial_discard",
    "report_amend",
    "report_opened",
    "report_preview",
    "report_sign",
    "result_awaited",
    "results_awaited",
    "review_undo",
    "rules_change",
    "sample_cancel",
    "sample_comment",
    "sample_create",
    "sample_edit",
    "sample_opened",
    "sample_return",
    "sample_submit",
    "samples_exported",
    "view_delete",
    "view_save",
]
