"""Proving, before a sensitive act, that whoever sits there is still the person who signed in."""

from __future__ import annotations

from typing import Any

from django.db import transaction

from accounts.audit.models import Outcome
from accounts.audit.record import record
from accounts.models import User
from hematovision.core.origin import Origin


def identity_proved(*, person: User, password: str, origin: Origin) -> bool:
    """Say whether ``password`` is that of the signed-in ``person``, who is about to do a sensitive act.

    A wrong one is in the log; how often one may try is the caller's to limit.
    """
    if person.check_password(password):
        return True
    identity_not_proved(person=person, by="password", origin=origin)
    return False


@transaction.atomic
def identity_not_proved(*, person: User, by: str, origin: Origin) -> None:
    """Record that somebody at the place of the signed-in ``person`` could not prove to be them."""
    facts: dict[str, Any] = {"actor": person, "subject": person, "detail": {"by": by}}
    record("person.identity_not_proved", origin=origin, outcome=Outcome.REFUSED, **facts)
