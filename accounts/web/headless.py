"""The part of allauth's headless API that programs need: sign in, sign out, renew a token.

The rest of it (addresses, telephone numbers, sign-up) stays without an address, so that nobody can change
facts about a person around the services and the log.
"""

from __future__ import annotations

# allauth looks for these below a package that it takes for unloaded; once anything else has loaded that, it
# would not find them, so they are loaded with it.
import cryptography.hazmat.primitives.ciphers.algorithms
import cryptography.hazmat.primitives.ciphers.modes  # noqa: F401 -- see above
from allauth.headless.account.views import LoginView, SessionView
from allauth.headless.constants import Client
from allauth.headless.mfa.views import AuthenticateView
from allauth.headless.tokens.views import RefreshTokenView
from django.urls import path
from django.views.decorators.http import require_http_methods

from accounts.web.ledger import logged

# allauth's views take any method for POST.
post = require_http_methods(["POST"])
second_factor = AuthenticateView.as_api_view(client=Client.APP)
session = require_http_methods(["GET", "HEAD", "DELETE"])

app_name = "headless"
urlpatterns = [
    path("auth/login", post(LoginView.as_api_view(client=Client.APP)), name="login"),
    path("auth/2fa/authenticate", post(logged(second_factor)), name="second_factor"),
    path("auth/session", session(SessionView.as_api_view(client=Client.APP)), name="current_session"),
    path("tokens/refresh", post(RefreshTokenView.as_api_view(client=Client.APP)), name="refresh"),
]
