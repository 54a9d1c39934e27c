"""The page of one field, and the part of it that renews itself until the result is there."""

from __future__ import annotations

from uuid import UUID

from django.contrib import messages
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.utils.translation import gettext as _
from django.views.decorators.http import require_GET, require_POST

from accounts.permissions import Capability
from accounts.web.access import requires, signed_in
from hematovision.core.origin import Origin
from mlcore.web.vocabulary import CLASSES
from predictions.errors import RetryRefused, SampleRefused
from predictions.models import SmearField
from predictions.selectors import field_detail
from predictions.services import analysis_retry, field_opened
from predictions.web.presenters import FieldView, present
from predictions.web.waiting import next_look, waiting


@require_GET
@requires(Capability.VIEW_RESULTS)
def field(request: HttpRequest, field_id: UUID) -> HttpResponse:
    """Show a field and its result; opening it is logged."""
    view = _view(request, field_id)
    field_opened(actor=signed_in(request), origin=Origin.of(request), field=view.field)
    return render(request, "predictions/field.html", {**_context(request, view), "classes": CLASSES})


@require_GET
@requires(Capability.VIEW_RESULTS)
def field_result(request: HttpRequest, field_id: UUID) -> HttpResponse:
    """Return the result alone for a page that waits for it; ``?as=card`` is how the upload page shows it."""
    name = "_card.html" if request.GET.get("as") == "card" else "_live.html"
    return render(request, f"predictions/{name}", _context(request, _view(request, field_id)))


@require_POST
@requires(Capability.RETRY_ANALYSIS)
def field_retry(request: HttpRequest, field_id: UUID) -> HttpResponse:
    """Queue a failed analysis again and go back to the field."""
    try:
        analysis_retry(actor=signed_in(request), origin=Origin.of(request), field_id=field_id)
    except SmearField.DoesNotExist as problem:
        raise Http404 from problem
    except (RetryRefused, SampleRefused) as refusal:
        messages.error(request, str(refusal.message))
    else:
        messages.success(request, _("The analysis is queued again."))
    return redirect("field", field_id)


def _view(request: HttpRequest, field_id: UUID) -> FieldView:
    try:
        return present(field_detail(request.user, field_id))
    except SmearField.DoesNotExist as problem:
        raise Http404 from problem


def _context(request: HttpRequest, view: FieldView) -> dict[str, object]:
    delay, look = next_look(request.GET.get("look"))
    wait = waiting(view.field.job) if view.pending else None
    return {"view": view, "waiting": wait, "delay": delay, "look": look}
