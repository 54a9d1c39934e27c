"""The page behind a one-time link: a person, or the first admin, sets a password. It signs nobody in."""

from __future__ import annotations

from allauth.account.adapter import get_adapter
from django.contrib import messages
from django.contrib.auth.forms import SetPasswordForm
from django.core.exceptions import ValidationError
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.utils.translation import gettext as _
from django.views.decorators.debug import sensitive_post_parameters
from django.views.decorators.http import require_http_methods

from accounts import links, selectors
from accounts.errors import LinkUnusable
from accounts.models import User
from accounts.web.forms import FirstAdminForm
from hematovision.core.origin import Origin


@sensitive_post_parameters("new_password1", "new_password2")
@require_http_methods(["GET", "POST"])
def welcome(request: HttpRequest, token: str) -> HttpResponse:
    """Ask for the new password, and for everything about the first admin."""
    link = selectors.usable_links(token).first()
    if link is None:
        return _unusable(request)
    kind, initial = (
        (SetPasswordForm, None) if link.person else (FirstAdminForm, {"site_name": _("Main laboratory")})
    )
    form = kind(link.person or User(), request.POST or None, initial=initial)
    if request.method == "POST" and form.is_valid():
        try:
            return _redeem(request, token, form)
        except LinkUnusable:
            return _unusable(request)
        except ValidationError as refusal:
            form.add_error(None, refusal.messages)
    return render(request, "accounts/welcome.html", {"form": form, "person": link.person})


def _redeem(request: HttpRequest, token: str, form: SetPasswordForm) -> HttpResponse:
    data, origin = form.cleaned_data, Origin.of(request)
    password = data["new_password1"]
    if isinstance(form, FirstAdminForm):
        links.first_admin_create(
            token=token,
            email=data["email"],
            name=data["name"],
            site_name=data["site_name"],
            password=password,
            origin=origin,
        )
    else:
        person = links.link_redeem(token=token, password=password, origin=origin)
        get_adapter(request).send_notification_mail("account/email/password_reset", person)
    messages.success(request, _("Your password is set. Sign in with it."))
    return redirect("account_login")


def _unusable(request: HttpRequest) -> HttpResponse:
    return render(request, "accounts/link_unusable.html", status=LinkUnusable.status)
