"""The pages of allauth that people need: in, out, a new password, second factors, proof of identity.

``signup/`` only says that an admin makes the accounts. Pages about further addresses are left out: facts
about a person change through the services alone.
"""

from __future__ import annotations

from collections.abc import Callable

from allauth.account import views
from allauth.mfa.base import views as factors
from allauth.mfa.recovery_codes import views as recovery
from allauth.mfa.totp import views as totp
from allauth.mfa.webauthn import views as passkeys
from django.conf import settings
from django.http import HttpRequest, HttpResponseBase
from django.shortcuts import render
from django.urls import path, re_path, reverse_lazy
from django.views.decorators.http import require_http_methods

from accounts.web import account, oidc
from accounts.web.ledger import logged


def password_reset(request: HttpRequest) -> HttpResponseBase:
    """Send a mail with a link; where the site sends no mail, say who can help."""
    if not settings.MAIL_ENABLED:
        return render(request, "account/password_reset_by_admin.html")
    return views.password_reset(request)


# allauth's form views take PUT for POST, and some take anything for GET.
page = require_http_methods(["GET", "HEAD"])
form = require_http_methods(["GET", "HEAD", "POST"])


def change(view: Callable[..., HttpResponseBase]) -> Callable[..., HttpResponseBase]:
    """Wrap a form of allauth whose doing belongs into the log."""
    return form(logged(view))


# allauth leads back to the page of the account by this name.
HOME = reverse_lazy("mfa_index")

urlpatterns = [
    path("login/", form(views.login), name="account_login"),
    path("logout/", form(views.logout), name="account_logout"),
    path("signup/", page(views.signup), name="account_signup"),
    path("password/change/", form(views.password_change), name="account_change_password"),
    path("password/reset/", form(password_reset), name="account_reset_password"),
    path("password/reset/done/", page(views.password_reset_done), name="account_reset_password_done"),
    re_path(
        r"^password/reset/key/(?P<uidb36>[0-9A-Za-z]+)-(?P<key>.+)/$",
        form(views.password_reset_from_key),
        name="account_reset_password_from_key",
    ),
    path(
        "password/reset/key/done/",
        page(views.password_reset_from_key_done),
        name="account_reset_password_from_key_done",
    ),
    path("", account.account, name="mfa_index"),
    path("oidc/<slug:provider_id>/login/", page(oidc.login), name="openid_connect_login"),
    path("oidc/<slug:provider_id>/login/callback/", page(oidc.callback), name="openid_connect_callback"),
    path("session/", account.session, name="session"),
    path("sessions/end/", account.session_end, name="session_end"),
    path("tokens/revoke/", account.token_end, name="token_end"),
    path("passkey/challenge/", account.challenge, name="mfa_challenge"),
    path("reauthenticate/", change(views.reauthenticate), name="account_reauthenticate"),
    path("2fa/authenticate/", change(factors.authenticate), name="mfa_authenticate"),
    path("2fa/reauthenticate/", change(factors.reauthenticate), name="mfa_reauthenticate"),
    path("2fa/app/", change(totp.activate_totp), name="mfa_activate_totp"),
    path("2fa/app/remove/", change(totp.deactivate_totp), name="mfa_deactivate_totp"),
    path("2fa/recovery-codes/", page(recovery.view_recovery_codes), name="mfa_view_recovery_codes"),
    path(
        "2fa/recovery-codes/new/",
        change(recovery.generate_recovery_codes),
        name="mfa_generate_recovery_codes",
    ),
    path("2fa/passkeys/add/", change(passkeys.add_webauthn), name="mfa_add_webauthn"),
    path("2fa/passkeys/login/", change(passkeys.login_webauthn), name="mfa_login_webauthn"),
    path(
        "2fa/passkeys/reauthenticate/",
        change(passkeys.reauthenticate_webauthn),
        name="mfa_reauthenticate_webauthn",
    ),
    path(
        "2fa/passkeys/<int:pk>/name/",
        change(passkeys.EditWebAuthnView.as_view(success_url=HOME)),
        name="mfa_edit_webauthn",
    ),
    path(
        "2fa/passkeys/<int:pk>/remove/",
        change(passkeys.RemoveWebAuthnView.as_view(success_url=HOME)),
        name="mfa_remove_webauthn",
    ),
]
