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


def password_reset(request: HttpRequest) -> HttpResponseBase:
    """Send a mail with a link; where the site sends no mail, say who can help."""
    if not settings.MAIL_ENABLED:
        return render(request, "account/password_reset_by_admin.html")
    return views.password_reset(request)


urlpatterns = [
    path("login/", views.login, name="account_login"),
    path("logout/", views.logout, name="account_logout"),
    path("signup/", views.signup, name="account_signup"),
    path("password/change/", views.password_change, name="account_change_password"),
    path("password/reset/", password_reset, name="account_reset_password"),
    path("password/reset/done/", views.password_reset_done, name="account_reset_password_done"),
    re_path(
        r"^password/reset/key/(?P<uidb36>[0-9A-Za-z]+)-(?P<key>.+)/$",
        views.password_reset_from_key,
        name="account_reset_password_from_key",
    ),
    path(
        "password/reset/key/done/",
        views.password_reset_from_key_done,
        name="account_reset_password_from_key_done",
    ),
]
