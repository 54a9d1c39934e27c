"""What commands on people have in common."""

from __future__ import annotations

from django.core.management.base import CommandError

from accounts.models import User


def person_with(email: str) -> User:
    """Return who has this address, whatever its case."""
    try:
        return User.objects.get_by_natural_key(email)
    except User.DoesNotExist:
        raise CommandError(f"There is nobody with the address {email}.") from None
