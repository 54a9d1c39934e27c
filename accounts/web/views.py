"""Pages about people, for admins."""

from __future__ import annotations

from uuid import UUID

from django.conf import settings
from django.contrib import messages
from django.core.exceptions import BadRequest
from django.db import transaction
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, render
from django.views.decorators.http import require_GET, require_http_methods

from accounts import links, selectors, services
from accounts.models import User
from accounts.permissions import Capability
from accounts.resets import open_resets
from accounts.web.access import requires, signed_in
from accounts.web.forms import PeopleFilterForm, PersonForm
from accounts.web.invitation import hand_over
from accounts.web.person_acts import ACTIONS
from accounts.web.person_page import person_page
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
        return person_page(request, one)
    action = ACTIONS.get(request.POST.get("action", ""))
    if action is None:
        raise BadRequest(request.POST.get("action"))
    try:
        return action(request, one)
    except PortalError as refusal:
        one.refresh_from_db()
        messages.error(request, str(refusal.message))
        return person_page(request, one, status=refusal.status)


@transaction.atomic
def _create(request: HttpRequest, form: PersonForm) -> tuple[User, str]:
    actor, origin, data = signed_in(request), Origin.of(request), form.cleaned_data
    site = data["site"] or services.site_create(actor=actor, origin=origin, name=data["new_site"])
    created = services.person_create(
        actor=actor, origin=origin, email=data["email"], name=data["name"], role=data["role"], site=site
    )
    return created, links.link_issue(actor=actor, origin=origin, person=created)
