"""Pages of the model versions: everyone may read them; what admins do with them is in ``promoting``."""

from __future__ import annotations

from uuid import UUID

from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import render
from django.utils.translation import gettext as _
from django.views.decorators.http import require_GET

from accounts.permissions import Capability
from accounts.selectors import active_admins
from accounts.web.access import requires
from mlcore.engine.card import never_shown
from mlcore.registry import selectors
from mlcore.registry.dataset_selectors import ready_versions
from mlcore.registry.models import ModelState, ModelVersion, PromotionState
from mlcore.registry.promotion import LEAST_REASON, standing_gate, version_before
from mlcore.web.card import card_html
from mlcore.web.figures import evaluations, headline, thresholds, unseen
from mlcore.web.gate import lines
from mlcore.web.shares import least_share, share
from mlcore.web.vocabulary import cell_class


@require_GET
@requires(Capability.VIEW_MODELS)
def index(request: HttpRequest) -> HttpResponse:
    """List the versions, the active one first, and what waits for a second person."""
    context = {
        "versions": [(version, headline(version.metrics)) for version in selectors.versions()],
        "waiting": list(selectors.promotions().filter(state=PromotionState.OPEN)),
        "before": version_before(selectors.active_version()),
    }
    return render(request, "mlcore/models.html", context)


@require_GET
@requires(Capability.VIEW_MODELS)
def detail(request: HttpRequest, version_id: UUID) -> HttpResponse:
    """Show one version: what it was measured on, how well it did, what it was never shown."""
    version = _version(version_id)
    metrics = version.metrics
    names = {"training": _("Trained on"), "validation": _("Validated on"), "held_out": _("Held out")}
    parts, limit = metrics.get("data", {}), metrics.get("calibration", {}).get("threshold")
    context = {
        "version": version,
        "kinds": [cell_class(label) for label in version.labels],
        "card": card_html(version.card),
        "evaluations": evaluations(metrics),
        "unseen": unseen(metrics),
        "validation": share(metrics.get("validation")),
        "never_shown": ", ".join(never_shown(version.labels)),
        "threshold": None if limit is None else least_share(limit),
        "thresholds": thresholds(metrics),
        "parts": [(name, parts[key]) for key, name in names.items() if key in parts],
    }
    return render(request, "mlcore/model.html", context | _judged(version))


def _judged(version: ModelVersion) -> dict[str, object]:
    """Return how a version was measured, gated and made active, and what may be done with it now."""
    active = selectors.active_version()
    gate = standing_gate(version, active) or version.gates.select_related("active", "made_by").first()
    return {
        "states": [(state.value, state.label) for state in ModelState],
        "measured": selectors.evaluations().filter(version=version).defer("report", "outcomes"),
        "gate": gate,
        "gate_stands": gate is not None and active is not None and gate.active_id == active.pk,
        "gate_lines": lines(gate) if gate else [],
        "promotions": list(selectors.promotions().filter(version=version)),
        "sets": ready_versions(),
        "first": active is None,
        # Where one person alone manages models, nobody can approve what they ask for.
        "alone": active_admins().count() < 2,
        "least_reason": LEAST_REASON,
    }


def _version(version_id: UUID) -> ModelVersion:
    try:
        return selectors.version(version_id)
    except ModelVersion.DoesNotExist:
        raise Http404 from None
