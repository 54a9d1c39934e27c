"""What an admin does on a person's page: each act is one ``action`` of a POST, by its name in ``ACTIONS``."""

from __future__ import annotations

from collections.abc import Callable

from allauth.account.adapter import get_adapter
from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.utils.translation import gettext as _

from accounts import links, services
from accounts.models import User
from accounts.resets import reset_ask, reset_close
from accounts.tokens import token_create, token_revoke
from accounts.web.access import signed_in
from accounts.web.account import token_asked
from accounts.web.forms import RoleForm, SiteForm, TokenForm
from accounts.web.invitation import hand_over
from accounts.web.person_page import done, person_page
from hematovision.core.origin import Origin


def _change_role(request: HttpRequest, one: User) -> HttpResponse:
    form = RoleForm(request.POST)
    if not form.is_valid():
        return person_page(request, one, role_form=form, status=400)
    role = form.cleaned_data["role"]
    services.person_change_role(actor=signed_in(request), origin=Origin.of(request), person=one, role=role)
    return done(request, one, _("Role saved. It counts from now on; the person signs in again."))


def _change_site(request: HttpRequest, one: User) -> HttpResponse:
    form = SiteForm(request.POST)
    if not form.is_valid():
        return person_page(request, one, site_form=form, status=400)
    site = form.cleaned_data["site"]
    services.person_change_site(actor=signed_in(request), origin=Origin.of(request), person=one, site=site)
    return done(request, one, _("Site saved."))


def _deactivate(request: HttpRequest, one: User) -> HttpResponse:
    services.person_deactivate(actor=signed_in(request), origin=Origin.of(request), person=one)
    return done(request, one, _("Deactivated and signed out everywhere. What the person did stays."))


def _reactivate(request: HttpRequest, one: User) -> HttpResponse:
    services.person_reactivate(actor=signed_in(request), origin=Origin.of(request), person=one)
    return done(request, one, _("Reactivated."))


def _new_link(request: HttpRequest, one: User) -> HttpResponse:
    token = links.link_issue(actor=signed_in(request), origin=Origin.of(request), person=one)
    return hand_over(request, one, token)


def _new_token(request: HttpRequest, one: User) -> HttpResponse:
    form = TokenForm(request.POST)
    if not form.is_valid():
        return person_page(request, one, token_form=form, status=400)
    facts = {name: form.cleaned_data[name] for name in ("name", "scopes", "days")}
    token, text = token_create(actor=signed_in(request), person=one, origin=Origin.of(request), **facts)
    get_adapter(request).send_notification_mail("account/email/token_created", one, {"token": token})
    return render(request, "accounts/token.html", {"person": one, "token": token, "text": text})


def _revoke_token(request: HttpRequest, one: User) -> HttpResponse:
    token = token_asked(request)
    token_revoke(actor=signed_in(request), person=one, token_id=token, origin=Origin.of(request))
    return done(request, one, _("The token works no more."))


def _ask_reset(request: HttpRequest, one: User) -> HttpResponse:
    reset_ask(actor=signed_in(request), person=one, origin=Origin.of(request))
    return done(request, one, _("Asked. Another admin has to agree within 24 hours."))


def _approve_reset(request: HttpRequest, one: User) -> HttpResponse:
    reset_close(actor=signed_in(request), person=one, approve=True, origin=Origin.of(request))
    get_adapter(request).send_notification_mail("mfa/email/factors_reset", one)
    told = _("The second factors are taken away, and the person is signed out everywhere.")
    return done(request, one, told)


def _drop_reset(request: HttpRequest, one: User) -> HttpResponse:
    reset_close(actor=signed_in(request), person=one, approve=False, origin=Origin.of(request))
    return done(request, one, _("Dropped. The second factors stay."))


ACTIONS: dict[str, Callable[[HttpRequest, User], HttpResponse]] = {
    "token": _new_token,
    "token_revoke": _revoke_token,
    "reset_ask": _ask_reset,
    "reset_approve": _approve_reset,
    "reset_drop": _drop_reset,
    "role": _change_role,
    "site": _change_site,
    "deactivate": _deactivate,
    "reactivate": _reactivate,
    "link": _new_link,
}
