"""Pages about people, for admins."""

from __future__ import annotations

from collections.abc import Callable
from uuid import UUID

from allauth.account.adapter import get_adapter
from django.conf import settings
from django.contrib import messages
from django.core.exceptions import BadRequest
from django.db import transaction
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.utils.translation import gettext as _
from django.views.decorators.http import require_GET, require_http_methods

from accounts import links, selectors, services
from accounts.audit.selectors import emergencies_of
from accounts.factors import second_factors
from accounts.models import User
from accounts.permissions import Capability
from accounts.resets import open_resets, reset_ask, reset_close
from accounts.tokens import token_create, token_revoke, tokens_of
from accounts.web.access import requires, signed_in
from accounts.web.account import token_asked
from accounts.web.forms import PeopleFilterForm, PersonForm, RoleForm, SiteForm, TokenForm
from accounts.web.invitation import hand_over
from accounts.web.proof import prove_first
from hematovision.core.errors import PortalError
from hematovision.core.origin import Origin


@require_GET
@requires(Capability.MANAGE_PEOPLE)
def people(request: HttpRequest) -> HttpResponse:
    """List everybody, or those whom the filters let by."""
    form = PeopleFilterForm(request.GET, label_suffix="")
    asked = form.cleaned_data if form.is_valid() else {}
    context = {
        "people": selectors.people_overview(**asked),
        "form": form,
        "narrowed": any(asked.values()),
        "needs_factor": settings.MFA_REQUIRED_ROLES,
        "resets": open_resets(),
        "me": signed_in(request),
    }
    return render(request, "accounts/people.html", context)


@require_http_methods(["GET", "POST"])
@requires(Capability.MANAGE_PEOPLE)
@prove_first
def person_new(request: HttpRequest) -> HttpResponse:
    """Add a person and hand over the link for them, once."""
    form = PersonForm(request.POST or None)
    if request.method == "POST" and form.is_valid():
        person, token = _create(request, form)
        return hand_over(request, person, token)
    return render(request, "accounts/person_new.html", {"form": form})


@require_http_methods(["GET", "POST"])
@requires(Capability.MANAGE_PEOPLE)
@prove_first
def person(request: HttpRequest, person_id: UUID) -> HttpResponse:
    """Show a person; a POST names one ``action`` on them."""
    one = get_object_or_404(selectors.people(), pk=person_id)
    if request.method == "GET":
        return _person_page(request, one)
    action = ACTIONS.get(request.POST.get("action", ""))
    if action is None:
        raise BadRequest(request.POST.get("action"))
    try:
        return action(request, one)
    except PortalError as refusal:
        one.refresh_from_db()
        messages.error(request, str(refusal.message))
        return _person_page(request, one, status=refusal.status)


def _change_role(request: HttpRequest, one: User) -> HttpResponse:
    form = RoleForm(request.POST)
    if not form.is_valid():
        return _person_page(request, one, role_form=form, status=400)
    role = form.cleaned_data["role"]
    services.person_change_role(actor=signed_in(request), origin=Origin.of(request), person=one, role=role)
    return _done(request, one, _("Role saved. It counts from now on; the person signs in again."))


def _change_site(request: HttpRequest, one: User) -> HttpResponse:
    form = SiteForm(request.POST)
    if not form.is_valid():
        return _person_page(request, one, site_form=form, status=400)
    site = form.cleaned_data["site"]
    services.person_change_site(actor=signed_in(request), origin=Origin.of(request), person=one, site=site)
    return _done(request, one, _("Site saved."))


def _deactivate(request: HttpRequest, one: User) -> HttpResponse:
    services.person_deactivate(actor=signed_in(request), origin=Origin.of(request), person=one)
    return _done(request, one, _("Deactivated and signed out everywhere. What the person did stays."))


def _reactivate(request: HttpRequest, one: User) -> HttpResponse:
    services.person_reactivate(actor=signed_in(request), origin=Origin.of(request), person=one)
    return _done(request, one, _("Reactivated."))


def _new_link(request: HttpRequest, one: User) -> HttpResponse:
    token = links.link_issue(actor=signed_in(request), origin=Origin.of(request), person=one)
    return hand_over(request, one, token)


def _new_token(request: HttpRequest, one: User) -> HttpResponse:
    form = TokenForm(request.POST)
    if not form.is_valid():
        return _person_page(request, one, token_form=form, status=400)
    facts = {name: form.cleaned_data[name] for name in ("name", "scopes", "days")}
    token, text = token_create(actor=signed_in(request), person=one, origin=Origin.of(request), **facts)
    get_adapter(request).send_notification_mail("account/email/token_created", one, {"token": token})
    return render(request, "accounts/token.html", {"person": one, "token": token, "text": text})


def _revoke_token(request: HttpRequest, one: User) -> HttpResponse:
    token = token_asked(request)
    token_revoke(actor=signed_in(request), person=one, token_id=token, origin=Origin.of(request))
    return _done(request, one, _("The token works no more."))


def _ask_reset(request: HttpRequest, one: User) -> HttpResponse:
    reset_ask(actor=signed_in(request), person=one, origin=Origin.of(request))
    return _done(request, one, _("Asked. Another admin has to agree within 24 hours."))


def _approve_reset(request: HttpRequest, one: User) -> HttpResponse:
    reset_close(actor=signed_in(request), person=one, approve=True, origin=Origin.of(request))
    get_adapter(request).send_notification_mail("mfa/email/factors_reset", one)
    told = _("The second factors are taken away, and the person is signed out everywhere.")
    return _done(request, one, told)


def _drop_reset(request: HttpRequest, one: User) -> HttpResponse:
    reset_close(actor=signed_in(request), person=one, approve=False, origin=Origin.of(request))
    return _done(request, one, _("Dropped. The second factors stay."))


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


@transaction.atomic
def _create(request: HttpRequest, form: PersonForm) -> tuple[User, str]:
    actor, origin, data = signed_in(request), Origin.of(request), form.cleaned_data
    site = data["site"] or services.site_create(actor=actor, origin=origin, name=data["new_site"])
    created = services.person_create(
        actor=actor, origin=origin, email=data["email"], name=data["name"], role=data["role"], site=site
    )
    return created, links.link_issue(actor=actor, origin=origin, person=created)


def _person_page(
    request: HttpRequest,
    one: User,
    *,
    role_form: RoleForm | None = None,
    site_form: SiteForm | None = None,
    token_form: TokenForm | None = None,
    status: int = 200,
) -> HttpResponse:
    context = {
        "person": one,
        "role_form": role_form or RoleForm(instance=one),
        "site_form": site_form or SiteForm(instance=one),
        "token_form": token_form or TokenForm(),
        "tokens": tokens_of(one),
        "emergencies": emergencies_of(one),
        "factors": second_factors(one).count(),
        "reset": open_resets().filter(person=one).first(),
        "oneself": one.pk == signed_in(request).pk,
    }
    return render(request, "accounts/person.html", context, status=status)


def _done(request: HttpRequest, one: User, text: str) -> HttpResponse:
    messages.success(request, text)
    return redirect("person", one.pk)
