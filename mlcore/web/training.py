"""Pages of training, for admins: order a run, watch it, stop it."""

from __future__ import annotations

from http import HTTPStatus
from uuid import UUID

from django.conf import settings
from django.contrib import messages
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.utils.translation import gettext as _
from django.views.decorators.http import require_GET, require_POST

from accounts.permissions import Capability
from accounts.web.access import requires, signed_in
from hematovision.core.origin import Origin
from mlcore.registry import selectors, training
from mlcore.registry.models import TrainingRun
from mlcore.web.forms import TrainingForm

SHOWN = 30


@require_GET
@requires(Capability.MANAGE_MODELS)
def index(request: HttpRequest) -> HttpResponse:
    """List the runs, with the form that orders one."""
    return _index(request, TrainingForm())


@require_POST
@requires(Capability.MANAGE_MODELS)
def start(request: HttpRequest) -> HttpResponse:
    """Queue a run."""
    form = TrainingForm(request.POST)
    if not form.is_valid():
        return _index(request, form)
    try:
        run = training.training_start(
            actor=signed_in(request),
            origin=Origin.of(request),
            recipe=form.cleaned_data["recipe"],
            data=form.cleaned_data["folder"],
            options={"epochs": form.cleaned_data["epochs"]},
        )
    except training.TrainingRefused as refusal:
        form.add_error(None, str(refusal))
        return _index(request, form)
    return redirect("training_run", run.pk)


@require_GET
@requires(Capability.MANAGE_MODELS)
def detail(request: HttpRequest, run_id: UUID) -> HttpResponse:
    """Show one run; the page asks for itself again while the run is open."""
    try:
        run = selectors.training_runs().get(pk=run_id)
    except TrainingRun.DoesNotExist:
        raise Http404 from None
    names = {
        "accuracy": _("Accuracy in training"),
        "loss": _("Loss in training"),
        "val_accuracy": _("Accuracy on validation"),
        "val_loss": _("Loss on validation"),
    }
    figures = [(names[key], f"{run.progress[key]:.4f}") for key in names if key in run.progress]
    context = {"run": run, "open": run.state in training.OPEN, "figures": figures}
    return render(request, "mlcore/run.html", context)


@require_POST
@requires(Capability.MANAGE_MODELS)
def stop(request: HttpRequest, run_id: UUID) -> HttpResponse:
    """Ask a run to stop."""
    try:
        training.training_stop(actor=signed_in(request), origin=Origin.of(request), run_id=run_id)
    except TrainingRun.DoesNotExist:
        raise Http404 from None
    except training.TrainingRefused as refusal:
        messages.error(request, str(refusal))
    else:
        messages.success(request, _("The training stops within seconds. What was registered before stays."))
    return redirect("training_run", run_id)


def _index(request: HttpRequest, form: TrainingForm) -> HttpResponse:
    runs = list(selectors.training_runs()[:SHOWN])
    context = {
        "runs": runs,
        "open": any(run.state in training.OPEN for run in runs),
        "form": form,
        "data_root": settings.TRAINING_DATA_ROOT,
    }
    status = HTTPStatus.UNPROCESSABLE_ENTITY if form.errors else HTTPStatus.OK
    return render(request, "mlcore/training.html", context, status=status)
