"""Pages of training, for admins: order a run, watch it, stop it, let it go on."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from http import HTTPStatus
from uuid import UUID

from django.conf import settings
from django.contrib import messages
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.utils import timezone
from django.utils.translation import gettext as _
from django.views.decorators.http import require_GET, require_POST

from accounts.permissions import Capability
from accounts.web.access import requires, signed_in
from hematovision.core.origin import Origin
from mlcore.registry import selectors, training
from mlcore.registry.estimating import estimated
from mlcore.registry.models import TrainingRun, TrainingState
from mlcore.web.curves import curves
from mlcore.web.forms import TrainingForm
from mlcore.web.ordered import RECIPE_NAMES, ordered, trained_on

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
            options=form.options(),
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
    context = {
        "run": run,
        "open": run.state in training.OPEN,
        "resumable": run.state == TrainingState.INTERRUPTED,
        "delay": _delay(run),
        "figures": _figures(run),
        "curves": curves(run.history),
        "order": ordered(run),
    }
    return render(request, "mlcore/run.html", context)


def _delay(run: TrainingRun) -> int:
    """Return after how many seconds the page asks again: seldom where little changes."""
    minutes = (timezone.now() - (run.started_at or run.created_at)).total_seconds() / 60
    return 2 if minutes < 3 else 5 if minutes < 30 else 15


def _figures(run: TrainingRun) -> list[tuple[str, str]]:
    """Return what the engine said last, with its name for people."""
    names = {
        "accuracy": (_("Accuracy in training"), "{:.4f}"),
        "val_accuracy": (_("Accuracy on validation"), "{:.4f}"),
        "loss": (_("Loss in training"), "{:.4f}"),
        "val_loss": (_("Loss on validation"), "{:.4f}"),
        "rate": (_("Learning rate"), "{:.2g}"),
        "memory_mb": (_("Memory now"), "{:,} MB"),
        "most_memory_mb": (_("Memory at most"), "{:,} MB"),
    }
    shown = {
        key: value for key, value in run.progress.items() if key != "memory_mb" or run.state in training.OPEN
    }
    figures = [(name, form.format(shown[key])) for key, (name, form) in names.items() if key in shown]
    return [*figures, *_kept(run.progress.get("kept", {}))]


def _kept(stages: Mapping[str, Sequence[int]]) -> list[tuple[str, str]]:
    """Return which epochs the model was made of; several heads are told one after the other."""
    if not stages:
        return []
    texts = [
        _("epoch %(n)d") % {"n": last}
        if first == last
        else _("mean of epochs %(first)d to %(last)d") % {"first": first, "last": last}
        for first, last in stages.values()
    ]
    return [(_("Weights kept"), ", ".join(texts))]


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
        messages.success(
            request,
            _("The training ends with the epoch under way and keeps the best so far, if there is any."),
        )
    return redirect("training_run", run_id)


@require_POST
@requires(Capability.MANAGE_MODELS)
def resume(request: HttpRequest, run_id: UUID) -> HttpResponse:
    """Let an interrupted run go on."""
    try:
        training.training_resume(actor=signed_in(request), origin=Origin.of(request), run_id=run_id)
    except TrainingRun.DoesNotExist:
        raise Http404 from None
    except training.TrainingRefused as refusal:
        messages.error(request, str(refusal))
    else:
        messages.success(request, _("The training goes on from where it was cut off."))
    return redirect("training_run", run_id)


@require_GET
@requires(Capability.MANAGE_MODELS)
def estimate(request: HttpRequest) -> HttpResponse:
    """Tell how long what the form holds would take, and from what that is known."""
    form = TrainingForm(request.GET)
    told = estimated(form.cleaned_data["recipe"], form.options()) if form.is_valid() else None
    return render(request, "mlcore/estimate.html", {"estimate": told})


def _index(request: HttpRequest, form: TrainingForm) -> HttpResponse:
    runs = list(selectors.training_runs()[:SHOWN])
    context = {
        "runs": [
            (run, RECIPE_NAMES.get(run.recipe, run.recipe), data)
            for run, data in zip(runs, trained_on(runs), strict=True)
        ],
        "open": any(run.state in training.OPEN for run in runs),
        "form": form,
        "data_root": settings.TRAINING_DATA_ROOT,
    }
    status = HTTPStatus.UNPROCESSABLE_ENTITY if form.errors else HTTPStatus.OK
    return render(request, "mlcore/training.html", context, status=status)
