"""What people and workers do with smear fields.

``analyse_field`` and ``sweep`` are imported from their own modules, by the worker only: the model's libraries
come along with them, which a web process has no use for.
"""

from predictions.services.opened import field_opened
from predictions.services.retry import analysis_retry
from predictions.services.submit import Submitted, field_submit
from predictions.services.wait import result_awaited

__all__ = ["Submitted", "analysis_retry", "field_opened", "field_submit", "result_awaited"]
