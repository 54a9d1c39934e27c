"""The part of allauth's headless API that programs need: sign in, sign out, renew a token.

The rest of it (addresses, telephone numbers, sign-up) stays without an address, so that nobody can change
facts about a person around the services and the log.
"""

from __future__ import annotations

from collections.abc import Callable
from functools import wraps
from typing import Any, TypeVar, cast

# allauth looks for these below a package that it takes for unloaded; once anything else has loaded that, it
# would not find them, so they are loaded with it.
import cryptography.hazmat.primitives.ciphers.algorithms
import cryptography.hazmat.primitives.ciphers.modes  # noqa: F401 -- see above
from allauth.headless.account.views import LoginView, SessionView
from allauth.headless.constants import Client
from allauth.headless.mfa.views import AuthenticateView
from allauth.headless.tokens.views import RefreshTokenView
from django.http import HttpRequest, HttpResponseBadRequest, HttpResponseBase
from django.urls import path
from django.views.decorators.http import require_http_methods

from accounts.web.ledger import logged
from hematovision.core.plain_json import plain_json

View = TypeVar("View", bound=Callable[..., HttpResponseBase])


def readable(view: View) -> View:
    """Refuse a body as allauth refuses what is no JSON, where its own reading would break off."""

    @wraps(view)
    def inside(request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponseBase:
        try:
            if request.body:
                plain_json(request.body)
        except ValueError:
            return HttpResponseBadRequest()
        return view(request, *args, **kwargs)

    return cast("View", inside)


def post(view: View) -> View:
    """Let a view of allauth, which takes any method for POST, take that alone."""
    return require_http_methods(["POST"])(readable(view))


second_factor = AuthenticateView.as_api_view(client=Client.APP)
session = require_http_methods(["GET", "HEAD", "DELETE"])

app_name = "headless"
urlpatterns = [
    path("auth/login", post(LoginView.as_api_view(client=Client.APP)), name="login"),
    path("auth/2fa/authenticate", post(logged(second_factor)), name="second_factor"),
    path("auth/session", session(SessionView.as_api_view(client=Client.APP)), name="current_session"),
    path("tokens/refresh", post(RefreshTokenView.as_api_view(client=Client.APP)), name="refresh"),
]
