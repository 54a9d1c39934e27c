"""Opening, exporting and verifying the log are themselves events."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import fields
from typing import Final

from django.db import transaction
from django.db.models import QuerySet

from accounts.audit.chain import Verdict, verify
from accounts.audit.models import AuditEvent, Outcome
from accounts.audit.record import record
from accounts.audit.selectors import AuditFilters, AuditPage, audit_page, filtered
from accounts.models import User
from accounts.permissions import Capability, require
from hematovision.core.origin import Origin

MOST_EXPORTED: Final = 100_000


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
    record("audit.read", actor=actor, origin=origin, detail={"filters": [*_used(filters)], "before": before})
    return page


@transaction.atomic
def log_read(*, actor: User, filters: AuditFilters, origin: Origin | None = None) -> QuerySet[AuditEvent]:
    """Return the events that pass the filters, for one page of a program, and record who looked.

    Raises:
        PermissionDenied: ``actor`` may not read the log.
    """
    require(actor, Capability.READ_AUDIT)
    record("audit.read", actor=actor, origin=origin, detail={"filters": [*_used(filters)]})
    return filtered(filters).select_related("site")


@transaction.atomic
def log_export(*, actor: User, filters: AuditFilters, origin: Origin | None = None) -> Iterator[AuditEvent]:
    """Return the newest events that pass the filters, at most ``MOST_EXPORTED``, and record who took them.

    Raises:
        PermissionDenied: ``actor`` may not read the log.
    """
    require(actor, Capability.READ_AUDIT)
    record("audit.exported", actor=actor, origin=origin, detail={"filters": [*_used(filters)]})
    return filtered(filters).select_related("site").order_by("-pk")[:MOST_EXPORTED].iterator(chunk_size=2_000)


def log_verify(
    *, actor: User | None, origin: Origin | None = None, known: Mapping[int, str] | None = None
) -> Verdict:
    """Verify the chain and record what was found; ``actor`` None is the command line.

    Raises:
        PermissionDenied: ``actor`` may not read the log.
    """
    if actor is not None:
        require(actor, Capability.READ_AUDIT)
    verdict = verify(known)
    with transaction.atomic():
        record(
            "audit.verified",
            actor=actor,
            origin=origin,
            outcome=Outcome.OK if verdict.whole else Outcome.FAILED,
            detail={"events": verdict.events, "last": verdict.last, "faults": len(verdict.faults)},
        )
    return verdict


def head_exported(*, actor: User, origin: Origin | None = None) -> None:
    """Record that ``actor`` took a signed head of the log out of the portal.

    Raises:
        PermissionDenied: ``actor`` may not read the log.
    """
    require(actor, Capability.READ_AUDIT)
    with transaction.atomic():
        record("audit.head_exported", actor=actor, origin=origin)


def _used(filters: AuditFilters) -> list[str]:
    return [field.name for field in fields(filters) if getattr(filters, field.name)]
