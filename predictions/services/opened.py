"""Noting in the log that somebody opened a result or a report."""

from __future__ import annotations

from django.db import transaction

from accounts.audit.record import record
from accounts.models import User
from hematovision.core.origin import Origin
from predictions.models import Report, SmearField


def field_opened(*, actor: User, origin: Origin, field: SmearField) -> None:
    """Record that ``actor`` saw the result of ``field``: once each time it is opened, not for each crop."""
    with transaction.atomic():
        record("field.opened", actor=actor, subject=field, origin=origin)


def report_opened(*, actor: User, origin: Origin, report: Report) -> None:
    """Record that ``actor`` saw a signed version."""
    with transaction.atomic():
        detail = {"version": report.version}
        record("report.opened", actor=actor, subject=report.sample, origin=origin, detail=detail)
