"""The shadow beside the active model, for admins."""

from __future__ import annotations

from uuid import UUID

from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import render
from django.views.decorators.http import require_GET

from accounts.permissions import Capability
from accounts.web.access import requires
from mlcore.registry import selectors
from mlcore.registry.models import ModelVersion
from mlcore.web.vocabulary import cell_class
from predictions.selectors import shadow_comparison


@require_GET
@requires(Capability.MANAGE_MODELS)
def shadow(request: HttpRequest, version_id: UUID) -> HttpResponse:
    """Show what a version read in the shadow beside what the active one said of the same fields."""
    try:
        version = selectors.version(version_id)
    except ModelVersion.DoesNotExist:
        raise Http404 from None
    told = shadow_comparison(version)
    context = {
        "version": version,
        "told": told,
        "changes": [(cell_class(one), cell_class(two), number) for one, two, number in told.changes],
        "differing": [
            (one, cell_class(one.cell.label), cell_class(one.label), one.verdict and cell_class(one.verdict))
            for one in told.differing
        ],
    }
    return render(request, "predictions/shadow.html", context)
