"""The pages of destinations: which programs are told, and whether they can be reached."""

from __future__ import annotations

from http import HTTPStatus
from uuid import UUID

from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.utils.translation import gettext as _
from django.views.decorators.http import require_GET, require_http_methods, require_POST

from accounts.permissions import Capability
from accounts.web.access import requires, signed_in
from accounts.web.proof import prove_first
from hematovision.core.origin import Origin
from predictions.errors import DestinationRefused
from predictions.models import Destination
from predictions.selectors.exchange import destinations, last_test
from predictions.services.destinations import (
    destination_add,
    destination_change,
    destination_disable,
    destination_enable,
    destination_test,
)
from predictions.web.exchange.forms import DestinationForm


@require_GET
@requires(Capability.MANAGE_EXCHANGE)
def index(request: HttpRequest) -> HttpResponse:
    """List the destinations."""
    context = {"destinations": destinations()}
    return render(request, "predictions/exchange/destinations.html", context)


@require_http_methods(["GET", "POST"])
@requires(Capability.MANAGE_EXCHANGE)
@prove_first
def new(request: HttpRequest) -> HttpResponse:
    """Add a destination."""
    form = DestinationForm(request.POST if request.method == "POST" else None)
    if request.method == "POST" and form.is_valid():
        try:
            made = destination_add(actor=signed_in(request), origin=Origin.of(request), facts=form.facts())
        except DestinationRefused as refusal:
            form.refuse(refusal)
        else:
            messages.success(request, _("%(name)s was added. Test it now.") % {"name": made.name})
            return redirect("destination", made.pk)
    return render(request, "predictions/exchange/new.html", {"form": form}, status=_status(form))


@require_http_methods(["GET", "POST"])
@requires(Capability.MANAGE_EXCHANGE)
@prove_first
def detail(request: HttpRequest, destination_id: UUID) -> HttpResponse:
    """Show a destination and change it; the page asks for itself again while a test is on its way."""
    found = get_object_or_404(destinations(), pk=destination_id)
    form = DestinationForm(request.POST if request.method == "POST" else None, destination=found)
    if request.method == "POST" and form.is_valid():
        who, origin = signed_in(request), Origin.of(request)
        try:
            destination_change(actor=who, origin=origin, destination_id=found.pk, facts=form.facts())
        except DestinationRefused as refusal:
            form.refuse(refusal)
        else:
            messages.success(request, _("%(name)s was saved.") % {"name": form.cleaned_data["name"]})
            return redirect("destination", found.pk)
    context = {"one": found, "form": form, "test": last_test(found)}
    return render(request, "predictions/exchange/destination.html", context, status=_status(form))


@require_POST
@requires(Capability.MANAGE_EXCHANGE)
def test(request: HttpRequest, destination_id: UUID) -> HttpResponse:
    """Send the event ``test``."""
    get_object_or_404(Destination, pk=destination_id)
    destination_test(actor=signed_in(request), origin=Origin.of(request), destination_id=destination_id)
    return redirect("destination", destination_id)


@require_POST
@requires(Capability.MANAGE_EXCHANGE)
def switch(request: HttpRequest, destination_id: UUID) -> HttpResponse:
    """Enable a destination, or disable it."""
    found = get_object_or_404(Destination, pk=destination_id)
    who, origin = signed_in(request), Origin.of(request)
    if request.POST.get("to") == "enabled":
        destination_enable(actor=who, origin=origin, destination_id=found.pk)
        said = _("%(name)s is enabled. What happened meanwhile goes out now.")
    else:
        destination_disable(actor=who, origin=origin, destination_id=found.pk)
        said = _("%(name)s is disabled. What happens from now on is kept for it.")
    messages.success(request, said % {"name": found.name})
    return redirect("destination", found.pk)


def _status(form: DestinationForm) -> HTTPStatus:
    return HTTPStatus.UNPROCESSABLE_ENTITY if form.errors else HTTPStatus.OK
