"""What people and workers do with smear fields.

``analyse_field`` is imported from its own module, by the worker only: it brings the model's libraries along,
which a web process has no use for.
"""

from predictions.services.retry import analysis_retry
from predictions.services.submit import Submitted, field_submit
from predictions.services.wait import result_awaited

__all__ = ["Submitted", "analysis_retry", "field_submit", "result_awaited"]
