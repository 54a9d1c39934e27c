"""Pages about people, for admins."""

from __future__ import annotations

from collections.abc import Callable
from uuid import UUID

from django.contrib import messages
from django.core.exceptions import BadRequest
from django.db import transaction
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.urls import reverse
from django.utils.translation import gettext as _
from django.views.decorators.http import require_GET, require_http_methods

from accounts import links, selectors, services
from accounts.models import User
from accounts.permissions import Capability
from accounts.web.access import requires, signed_in
from accounts.web.forms import PersonForm, RoleForm, SiteForm
from hematovision.core.errors import PortalError
from hematovision.core.origin import Origin


@require_GET
@requires(Capability.MANAGE_PEOPLE)
def people(request: HttpRequest) -> HttpResponse:
    """List everybody."""
    return render(request, "accounts/people.html", {"people": selectors.people()})


@require_http_methods(["GET", "POST"])
@requires(Capability.MANAGE_PEOPLE)
def person_new(request: HttpRequest) -> HttpResponse:
    """Add a person and show the link for them, once."""
    form = PersonForm(request.POST or None)
    if request.method == "POST" and form.is_valid():
        person, token = _create(request, form)
        return _show_link(request, person, token)
    return render(request, "accounts/person_new.html", {"form": form})


@require_http_methods(["GET", "POST"])
@requires(Capability.MANAGE_PEOPLE)
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
    return _show_link(request, one, token)


ACTIONS: dict[str, Callable[[HttpRequest, User], HttpResponse]] = {
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
    status: int = 200,
) -> HttpResponse:
    context = {
        "person": one,
        "role_form": role_form or RoleForm(instance=one),
        "site_form": site_form or SiteForm(instance=one),
        "oneself": one.pk == signed_in(request).pk,
    }
    return render(request, "accounts/person.html", context, status=status)


def _show_link(request: HttpRequest, one: User, token: str) -> HttpResponse:
    address = request.build_absolute_uri(reverse("welcome", args=[token]))
    hours = int(links.LIFETIME.total_seconds() // 3600)
    return render(request, "accounts/link.html", {"person": one, "address": address, "hours": hours})


def _done(request: HttpRequest, one: User, text: str) -> HttpResponse:
    messages.success(request, text)
    return redirect("person", one.pk)
