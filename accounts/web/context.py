"""What every page knows about the person in front of it."""

from __future__ import annotations

from django.http import HttpRequest

from accounts.permissions import CAPABILITIES


def capabilities(request: HttpRequest) -> dict[str, object]:
    """Give templates ``may``: the set of capability names of the signed-in person."""
    user = getattr(request, "user", None)
    if user is None or not user.is_authenticated:
        return {"may": frozenset()}
    return {"may": frozenset(str(one.value) for one in CAPABILITIES[user.role])}
