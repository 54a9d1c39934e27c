"""Pages of the model versions: everyone may read them, admins make one active."""

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
from mlcore.engine.card import never_shown
from mlcore.registry import selectors, services
from mlcore.registry.models import ModelVersion
from mlcore.web.card import card_html
from mlcore.web.figures import evaluations, headline, thresholds, unseen
from mlcore.web.shares import share
from mlcore.web.vocabulary import cell_class


@require_GET
@requires(Capability.VIEW_MODELS)
def index(request: HttpRequest) -> HttpResponse:
    """List the versions, the active one first."""
    versions = [(version, headline(version.metrics)) for version in selectors.versions()]
    return render(request, "mlcore/models.html", {"versions": versions})


@require_GET
@requires(Capability.VIEW_MODELS)
def detail(request: HttpRequest, version_id: UUID) -> HttpResponse:
    """Show one version: what it was measured on, how well it did, what it was never shown."""
    version = _version(version_id)
    metrics = version.metrics
    names = {"training": _("Trained on"), "validation": _("Validated on"), "held_out": _("Held out")}
    parts = metrics.get("data", {})
    context = {
        "version": version,
        "kinds": [cell_class(label) for label in version.labels],
        "card": card_html(version.card),
        "evaluations": evaluations(metrics),
        "unseen": unseen(metrics),
        "validation": share(metrics.get("validation")),
        "never_shown": ", ".join(never_shown(version.labels)),
        "threshold": share(metrics.get("calibration", {}).get("threshold")),
        "thresholds": thresholds(metrics),
        "parts": [(name, parts[key]) for key, name in names.items() if key in parts],
    }
    return render(request, "mlcore/model.html", context)


@require_POST
@requires(Capability.MANAGE_MODELS)
def promote(request: HttpRequest, version_id: UUID) -> HttpResponse:
    """Make one version active."""
    version = _version(version_id)
    try:
        services.promote(version=version.pk, actor=signed_in(request), origin=Origin.of(request))
    except services.BundleRefused as refusal:
        messages.error(request, str(refusal))
    else:
        text = _("Model %(version)s reads new smears from now on. Earlier results keep their model.")
        messages.success(request, text % {"version": version.version})
    return redirect("model", version.pk)


def _version(version_id: UUID) -> ModelVersion:
    try:
        return selectors.version(version_id)
    except ModelVersion.DoesNotExist:
        raise Http404 from None
