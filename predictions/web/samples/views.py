"""Saving the worklist's filters under a name, and deleting such a view."""

from __future__ import annotations

from uuid import UUID

from django.contrib import messages
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import redirect
from django.urls import reverse
from django.utils.translation import gettext as _
from django.views.decorators.http import require_POST

from accounts.permissions import Capability
from accounts.web.access import requires, signed_in
from hematovision.core.origin import Origin
from predictions.errors import ViewRefused
from predictions.models import SavedView
from predictions.services import view_delete, view_save
from predictions.web.samples.came_from import as_query, asked_filters


@require_POST
@requires(Capability.VIEW_RESULTS)
def save(request: HttpRequest) -> HttpResponse:
    """Keep the posted filters under the posted name, and show what they leave."""
    form = asked_filters(request, request.POST)
    name = request.POST.get("name", "")
    try:
        view_save(actor=signed_in(request), origin=Origin.of(request), name=name, filters=form.query())
    except ViewRefused as refusal:
        messages.error(request, str(refusal.message))
    else:
        messages.success(request, _("The view is saved."))
    return redirect(reverse("worklist") + as_query(form))


@require_POST
@requires(Capability.VIEW_RESULTS)
def delete(request: HttpRequest, view_id: UUID) -> HttpResponse:
    """Forget a view of one's own."""
    try:
        view_delete(actor=signed_in(request), origin=Origin.of(request), view_id=view_id)
    except SavedView.DoesNotExist as problem:
        raise Http404 from problem
    messages.success(request, _("The view is deleted. The samples are as they were."))
    return redirect("worklist")
