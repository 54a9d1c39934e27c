"""Machine tokens: how programs use the API without anybody's password."""

from __future__ import annotations

import secrets
from collections.abc import Collection
from datetime import timedelta
from typing import Final
from uuid import UUID

from django.db import transaction
from django.db.models import Q, QuerySet
from django.db.models.functions import Now
from django.utils import timezone

from accounts.audit.record import JSON, record
from accounts.errors import Deactivated
from accounts.models import MachineToken, User
from accounts.permissions import Capability, require
from accounts.selectors import held, token_digest
from hematovision.core.origin import Origin

# By this a reader knows where a lost token belongs, and the portal one from a person's.
PREFIX: Final = "hvm_"
# Every request is a use, but not every one is worth a write.
GRAIN: Final = timedelta(minutes=1)


@transaction.atomic
def token_create(
    *, actor: User, person: User, name: str, scopes: Collection[str], days: int, origin: Origin
) -> tuple[MachineToken, str]:
    """Make a token that acts as ``person`` and return it with its text, the only time that it can be seen.

    Args:
        scopes: of :class:`MachineToken.Scope`, at least one.
        days: how long it works.

    Raises:
        PermissionDenied: ``actor`` may not manage people.
        Deactivated: the person may not sign in.
        ValidationError: there is no such scope, or a fact is missing.
    """
    require(actor, Capability.MANAGE_PEOPLE)
    person = held(person)
    if not person.is_active:
        raise Deactivated(person)
    text = PREFIX + secrets.token_urlsafe(32)
    token = MachineToken(person=person, name=name.strip(), scopes=sorted(scopes), made_by=actor)
    token.token_sha256, token.expires_at = token_digest(text), timezone.now() + timedelta(days=days)
    token.clean_fields(exclude={"last_used_at", "revoked_at"})
    token.save()
    detail: dict[str, JSON] = {"token": str(token.pk), "scopes": ", ".join(token.scopes), "days": days}
    record("token.created", actor=actor, subject=person, origin=origin, detail=detail)
    return token, text


@transaction.atomic
def token_revoke(*, actor: User, person: User, token_id: UUID, origin: Origin) -> None:
    """End a token of ``person`` at once; one that has ended already stays as it is.

    Raises:
        PermissionDenied: it is not the actor's own, and they may not manage people.
    """
    if actor.pk != person.pk:
        require(actor, Capability.MANAGE_PEOPLE)
    open_one = person.machine_tokens.filter(pk=token_id, revoked_at=None)
    if open_one.update(revoked_at=Now()):
        detail: dict[str, JSON] = {"token": str(token_id)}
        record("token.revoked", actor=actor, subject=person, origin=origin, detail=detail)


def token_used(text: str) -> MachineToken | None:
    """Return the token with this text while it works, and note when it was last used."""
    usable = Q(revoked_at=None, expires_at__gt=Now(), person__is_active=True)
    found = MachineToken.objects.select_related("person__site").filter(
        usable, token_sha256=token_digest(text)
    )
    token = found.first()
    if token and (token.last_used_at is None or timezone.now() - token.last_used_at > GRAIN):
        MachineToken.objects.filter(pk=token.pk).update(last_used_at=Now())
    return token


def token_text(header: str) -> str | None:
    """Return the text that an ``Authorization`` header shows if it has the form of a machine's token."""
    scheme, _space, text = header.partition(" ")
    return text if scheme.lower() == "bearer" and text.startswith(PREFIX) else None


def challenge(header: str, error: str = "invalid_token") -> str:
    """Return ``WWW-Authenticate`` for a request with this ``Authorization`` header (RFC 6750, 3).

    ``error`` is told to whoever showed a token; whoever showed none is told how to sign in, and no more.
    """
    shown = header.partition(" ")[0].lower() == "bearer"
    return 'Bearer realm="HematoVision"' + (f', error="{error}"' if shown else "")


def tokens_of(person: User) -> QuerySet[MachineToken]:
    """Return the tokens of ``person`` that have not been revoked, newest first."""
    return person.machine_tokens.filter(revoked_at=None).order_by("-created_at")


def open_tokens() -> QuerySet[MachineToken]:
    """Return everybody's tokens that have not been revoked, newest first."""
    found = MachineToken.objects.filter(revoked_at=None).select_related("person", "made_by")
    return found.order_by("-created_at")
