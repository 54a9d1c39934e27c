"""Second factors: who has one, who needs one, and until when somebody may work without."""

from __future__ import annotations

from datetime import datetime, timedelta

from allauth.mfa.models import Authenticator
from django.conf import settings
from django.db.models import QuerySet

from accounts.identity import identity_not_proved
from accounts.models import User
from accounts.passkeys import PasskeyProof
from hematovision.core.origin import Origin


def second_factors(person: User) -> QuerySet[Authenticator]:
    """Return the authenticator app and the passkeys of ``person``; recovery codes alone are no factor."""
    return Authenticator.objects.filter(user=person).exclude(type=Authenticator.Type.RECOVERY_CODES)


def has_passkey(person: User) -> bool:
    """Say whether ``person`` has a passkey that a page may ask for."""
    return Authenticator.objects.filter(user=person, type=Authenticator.Type.WEBAUTHN).exists()


def grace_end(person: User) -> datetime | None:
    """Return until when ``person`` may work without the second factor that their role needs.

    None if they need none, have one, or have not signed in yet. One query, and only for roles that need one.
    """
    if person.role not in settings.MFA_REQUIRED_ROLES or person.first_signed_in_at is None:
        return None
    if second_factors(person).exists():
        return None
    return person.first_signed_in_at + timedelta(hours=settings.MFA_GRACE_HOURS)


def passkey_proved(*, person: User, credential: str, origin: Origin) -> bool:
    """Say whether ``credential`` is the answer of one of the person's passkeys to the session's challenge.

    The challenge counts once. A wrong answer is in the log, and too many end the trying for a while.
    """
    form = PasskeyProof(user=person, data={"credential": credential})
    if not form.is_valid():
        identity_not_proved(person=person, by=Authenticator.Type.WEBAUTHN.value, origin=origin)
        return False
    form.cleaned_data["credential"].record_usage()
    return True
