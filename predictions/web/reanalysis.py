"""Reading old samples again with the active model: order it, watch it, stop it."""

from __future__ import annotations

from http import HTTPStatus
from typing import Final
from uuid import UUID

from django import forms
from django.contrib import messages
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.utils.translation import gettext as _
from django.utils.translation import gettext_lazy
from django.views.decorators.http import require_GET, require_http_methods, require_POST

from accounts.models import Site
from accounts.permissions import Capability
from accounts.web.access import requires, signed_in
from hematovision.core.days import DayField
from hematovision.core.origin import Origin
from mlcore.registry import selectors as models
from mlcore.registry.models import ModelVersion
from predictions.models import ReanalysedSample, Reanalysis
from predictions.selectors.reanalysis import orders, progress
from predictions.services.reanalysis import ReanalysisRefused, reanalysis_order, reanalysis_stop
from predictions.web.reread_tables import by_class, by_word, changes

SHOWN: Final = 20


class OrderForm(forms.Form):
    """Which samples; what is left empty does not narrow."""

    date_from = DayField(label=gettext_lazy("Received from"))
    date_to = DayField(label=gettext_lazy("to"))
    site = forms.ModelChoiceField(
        Site.objects.order_by("name"),
        label=gettext_lazy("Site"),
        required=False,
        empty_label=gettext_lazy("all"),
    )
    read_by = forms.ModelChoiceField(
        ModelVersion.objects.all(),
        label=gettext_lazy("Read by"),
        required=False,
        empty_label=gettext_lazy("any model"),
    )


@require_http_methods(["GET", "POST"])
@requires(Capability.MANAGE_MODELS)
def index(request: HttpRequest) -> HttpResponse:
    """List the orders, with the form that adds one."""
    form = OrderForm(request.POST if request.method == "POST" else None, label_suffix="")
    if request.method == "POST" and form.is_valid():
        asked = form.cleaned_data
        keys = {name: asked[name].pk if asked[name] else None for name in ("site", "read_by")}
        days = {name: asked[name] for name in ("date_from", "date_to")}
        try:
            order = reanalysis_order(actor=signed_in(request), origin=Origin.of(request), **days, **keys)
        except ReanalysisRefused as refusal:
            form.add_error(None, str(refusal.message))
        else:
            return redirect("reanalysis_order", order.pk)
    found = list(orders()[:SHOWN])
    context = {
        "form": form,
        "orders": [(order, progress(order)) for order in found],
        "active": models.active_version(),
    }
    status = HTTPStatus.UNPROCESSABLE_ENTITY if form.errors else HTTPStatus.OK
    return render(request, "predictions/reanalyses.html", context, status=status)


@require_GET
@requires(Capability.MANAGE_MODELS)
def detail(request: HttpRequest, order_id: UUID) -> HttpResponse:
    """Show one order; the page asks for itself again while it runs."""
    try:
        order = orders().get(pk=order_id)
    except Reanalysis.DoesNotExist:
        raise Http404 from None
    found = progress(order)
    names = {state: state.label for state in ReanalysedSample.State}
    if order.state != Reanalysis.State.RUNNING:
        names[ReanalysedSample.State.WAITING] = gettext_lazy("not read")
    states = [(name, found.counts.get(state, 0)) for state, name in names.items()]
    tables = {"classes": by_class(found), "changes": changes(found), "words": by_word(found)}
    context = {"order": order, "progress": found, "states": states, **tables}
    return render(request, "predictions/reanalysis.html", context)


@require_POST
@requires(Capability.MANAGE_MODELS)
def stop(request: HttpRequest, order_id: UUID) -> HttpResponse:
    """End an order."""
    try:
        reanalysis_stop(actor=signed_in(request), origin=Origin.of(request), order_id=order_id)
    except Reanalysis.DoesNotExist:
        raise Http404 from None
    messages.success(request, _("It ends after the sample at hand. What was read stays."))
    return redirect("reanalysis_order", order_id)
