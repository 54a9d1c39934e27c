"""Opening the log is itself an event."""

from __future__ import annotations

from dataclasses import fields

from django.db import transaction

from accounts.audit.record import record
from accounts.audit.selectors import AuditFilters, AuditPage, audit_page
from accounts.models import User
from accounts.permissions import Capability, require
from hematovision.core.origin import Origin


@transaction.atomic
def log_open(
    *, actor: User, filters: AuditFilters, before: int | None = None, origin: Origin | None = None
) -> AuditPage:
    """Return a page of the log and record who looked, with the names of the filters used.

    Every page counts: were older ones free, somebody could read the log and leave no trace.

    Raises:
        PermissionDenied: ``actor`` may not read the log.
    """
    require(actor, Capability.READ_AUDIT)
    page = audit_page(filters=filters, before=before)
    used = [field.name for field in fields(filters) if getattr(filters, field.name)]
    record("audit.read", actor=actor, origin=origin, detail={"filters": [*used], "before": before})
    return page
