"""Writing to the log: last in the transaction of the act itself, so that neither exists without the other."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TypeAlias
from uuid import UUID

from django.db import models, transaction

from accounts.audit.models import AuditEvent, Outcome
from accounts.models import Site, User
from hematovision.core.origin import Origin

JSON: TypeAlias = "bool | int | float | str | list[JSON] | dict[str, JSON] | None"


def record(
    event: str,
    *,
    actor: User | None,
    subject: models.Model | None = None,
    origin: Origin | None = None,
    outcome: str = Outcome.OK,
    detail: Mapping[str, JSON] | None = None,
) -> AuditEvent:
    """Add one event to the log.

    Args:
        event: dotted words in the past tense, such as ``person.role_changed``.
        actor: who did it; None for the portal itself or someone not signed in.
        subject: the object it was done to; only its kind and key are kept.
        origin: where the request came from.
        outcome: ``ok``, ``refused`` or ``failed``.
        detail: further facts as JSON; never names of files or of patients.

    Raises:
        TransactionManagementError: outside a transaction, where the act could be kept and its event lost.
    """
    if not transaction.get_connection().in_atomic_block:
        raise transaction.TransactionManagementError(
            f"{event} must be recorded inside the act's transaction."
        )
    origin = origin or Origin()
    return AuditEvent.objects.create(
        event=event,
        actor=actor,
        actor_email=actor.email if actor else "",
        actor_role=actor.role if actor else "",
        subject_type=subject._meta.label_lower if subject is not None else "",  # noqa: SLF001 -- Django's documented name
        subject_id=str(subject.pk) if subject is not None else "",
        site_id=_site_of(subject, actor),
        address=origin.address[:64],
        agent=origin.agent[:200],
        outcome=outcome,
        detail=dict(detail or {}),
    )


def _site_of(subject: models.Model | None, actor: User | None) -> UUID | None:
    """Return the key of the site that the event belongs to: the object's, else the actor's."""
    if isinstance(subject, Site):
        return subject.pk
    return getattr(subject, "site_id", None) or (actor.site_id if actor else None)
