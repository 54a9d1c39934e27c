"""The pages of allauth that people need: in, out, and a new password.

``signup/`` only says that an admin makes the accounts. Pages about further addresses are left out: facts
about a person change through the services alone.
"""

from __future__ import annotations

from allauth.account import views
from django.conf import settings
from django.http import HttpRequest, HttpResponseBase
from django.shortcuts import render
from django.urls import path, re_path
from django.views.decorators.http import require_http_methods


def password_reset(request: HttpRequest) -> HttpResponseBase:
    """Send a mail with a link; where the site sends no mail, say who can help."""
    if not settings.MAIL_ENABLED:
        return render(request, "account/password_reset_by_admin.html")
    return views.password_reset(request)


# allauth's form views take PUT for POST, and some take anything for GET.
page = require_http_methods(["GET", "HEAD"])
form = require_http_methods(["GET", "HEAD", "POST"])

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
]
