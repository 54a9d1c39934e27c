"""What must be right in the settings before anybody signs in."""

from __future__ import annotations

from typing import Any

from django.conf import settings
from django.core.checks import CheckMessage, Error, register

from accounts.permissions import Role


@register
def roles_exist(**_: Any) -> list[CheckMessage]:
    """Refuse a role that nobody has: a slip of the pen would let everybody work without a second factor."""
    unknown = set(settings.MFA_REQUIRED_ROLES) - set(Role.values)
    if not unknown:
        return []
    text = f"MFA_REQUIRED_ROLES names {', '.join(sorted(unknown))}; the roles are {', '.join(Role.values)}."
    return [Error(text, id="accounts.E001")]
