"""The page of deliveries: which report has reached which destination, what waits, what was given up."""

from __future__ import annotations

from typing import Final
from uuid import UUID

from django.contrib import messages
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.urls import reverse
from django.utils.translation import gettext as _
from django.utils.translation import ngettext
from django.views.decorators.http import require_GET, require_POST

from accounts.permissions import Capability
from accounts.web.access import requires, signed_in
from hematovision.core.origin import Origin
from predictions.models import Delivery
from predictions.selectors.exchange import deliveries
from predictions.services.destinations import deliveries_again
from predictions.web.exchange.forms import DeliveryFilter

SHOWN: Final = 50


@require_GET
@requires(Capability.MANAGE_EXCHANGE)
def index(request: HttpRequest) -> HttpResponse:
    """List deliveries, newest first, page by page."""
    form = DeliveryFilter(request.GET, label_suffix="")
    narrowing = form.narrowing()
    found = deliveries().filter(**narrowing)
    before = request.GET.get("before", "")
    rows = list((found.filter(pk__lt=int(before)) if _is_key(before) else found)[: SHOWN + 1])
    older = request.GET.copy()
    if len(rows) > SHOWN:
        older["before"] = str(rows[SHOWN - 1].pk)
    context = {
        "form": form,
        "rows": rows[:SHOWN],
        "older": older.urlencode() if len(rows) > SHOWN else "",
        "dead": found.filter(state=Delivery.State.DEAD).count(),
        "narrowed": bool(narrowing),
    }
    return render(request, "predictions/exchange/deliveries.html", context)


@require_POST
@requires(Capability.MANAGE_EXCHANGE)
def again(request: HttpRequest) -> HttpResponse:
    """Send everything again that was given up and that the filters left."""
    form = DeliveryFilter(request.POST)
    narrowing = form.narrowing()
    _sent(
        request,
        deliveries_again(
            actor=signed_in(request), origin=Origin.of(request), which=Delivery.objects.filter(**narrowing)
        ),
    )
    return redirect("deliveries")


@require_POST
@requires(Capability.MANAGE_EXCHANGE)
def again_one(request: HttpRequest, delivery_key: UUID) -> HttpResponse:
    """Send one delivery again."""
    found = get_object_or_404(Delivery, key=delivery_key)
    same = Delivery.objects.filter(pk=found.pk)
    _sent(request, deliveries_again(actor=signed_in(request), origin=Origin.of(request), which=same))
    return redirect(f"{reverse('deliveries')}?destination={found.destination_id}")


def _sent(request: HttpRequest, count: int) -> None:
    if count:
        said = ngettext("%(n)d delivery is sent again.", "%(n)d deliveries are sent again.", count)
        messages.success(request, said % {"n": count})
    else:
        messages.warning(
            request,
            _("Nothing was sent again: it was not given up, or a later version of the report has arrived."),
        )


def _is_key(text: str) -> bool:
    return text.isdecimal() and len(text) <= 18
