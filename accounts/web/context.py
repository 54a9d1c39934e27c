"""What every page knows about the person in front of it."""

from __future__ import annotations

from django.conf import settings
from django.http import HttpRequest
from django.utils import timezone

from accounts.permissions import CAPABILITIES
from accounts.web.limits import seconds_left, warning_seconds


def capabilities(request: HttpRequest) -> dict[str, object]:
    """Give templates ``may``, the set of capability names of the signed-in person, and ``factor_due``.

    The latter is until when they may work without the second factor that their role needs, else None;
    ``factor_over`` says that this time has passed. ``session_seconds`` is for how long the session lives on
    without use, and ``session_warning`` how long before that a page warns. Somebody signed out gets ``oidc``,
    the name of the identity provider, if there is one.
    """
    user = getattr(request, "user", None)
    if user is None or not user.is_authenticated:
        return {"may": frozenset(), "oidc": settings.OIDC_NAME if settings.OIDC_ISSUER else ""}
    due = getattr(request, "factor_due", None)
    return {
        "may": frozenset(str(one.value) for one in CAPABILITIES[user.role]),
        "session_seconds": seconds_left(request.session)[0],
        "session_warning": warning_seconds(),
        "factor_due": due,
        "factor_over": due is not None and due <= timezone.now(),
    }
