"""Pages of evaluations, for admins: order one, look at it, take it along, compare two."""

from __future__ import annotations

import hashlib
from uuid import UUID

from django.contrib import messages
from django.http import Http404, HttpRequest, HttpResponse, JsonResponse
from django.shortcuts import redirect, render
from django.utils.translation import gettext as _
from django.views.decorators.http import require_GET, require_POST

from accounts.permissions import Capability
from accounts.web.access import requires, signed_in
from hematovision.core.origin import Origin
from mlcore.registry import evaluating, exporting, selectors
from mlcore.registry.evaluating import EvaluationRefused, folder_of
from mlcore.registry.models import Evaluation, EvaluationState, ModelVersion
from mlcore.web.comparing import compared, drawings, leak_of, leak_text, measured_set
from mlcore.web.printing import evaluation_pdf, negative_agreement
from mlcore.web.shares import Share
from mlcore.web.vocabulary import CellClass

# Should a browser ever take a picture for a page, it may neither run nor load anything.
HARMLESS = {"Content-Security-Policy": "default-src 'none'; sandbox", "X-Content-Type-Options": "nosniff"}


@require_POST
@requires(Capability.MANAGE_MODELS)
def order(request: HttpRequest, version_id: UUID) -> HttpResponse:
    """Queue the measuring of a version on a data set."""
    try:
        ordered = evaluating.evaluation_order(
            version=version_id,
            data=request.POST.get("data", ""),
            actor=signed_in(request),
            origin=Origin.of(request),
        )
    except ModelVersion.DoesNotExist:
        raise Http404 from None
    except EvaluationRefused as refusal:
        messages.error(request, str(refusal))
        return redirect("model", version_id)
    return redirect("evaluation", ordered.pk)


@require_GET
@requires(Capability.MANAGE_MODELS)
def detail(request: HttpRequest, evaluation_id: UUID) -> HttpResponse:
    """Show one evaluation; the page asks for itself again while it is open."""
    one = _evaluation(evaluation_id)
    open_ = one.state in {EvaluationState.QUEUED, EvaluationState.RUNNING}
    context = {
        "evaluation": one,
        "open": open_,
        "percent": 100 * one.done / one.cells if one.cells else 0,
        "measured": measured_set(one) if one.report else None,
        "agreement": _agreement(one) if one.report else [],
        "drawings": drawings(one) if one.report else [],
        "leak": leak_of(one),
        "others": selectors.evaluations(one.data_sha256).exclude(pk=one.pk),
    }
    return render(request, "mlcore/evaluation.html", context)


@require_GET
@requires(Capability.MANAGE_MODELS)
def picture(_request: HttpRequest, evaluation_id: UUID, name: str) -> HttpResponse:
    """Send one of the pictures that an evaluation drew, if it is still the one that was stored."""
    one = _evaluation(evaluation_id)
    try:
        content = (folder_of(one) / name).read_bytes() if name in one.files else b""
    except OSError:
        raise Http404 from None
    if not content or hashlib.sha256(content).hexdigest() != one.files[name]:
        raise Http404
    return HttpResponse(content, content_type="image/png", headers=HARMLESS)


@require_GET
@requires(Capability.MANAGE_MODELS)
def cell(_request: HttpRequest, cell: str) -> HttpResponse:
    """Send the picture of one test cell."""
    content = exporting.cell_picture(cell)
    if content is None:
        raise Http404
    return HttpResponse(content, content_type="image/png", headers=HARMLESS)


@require_GET
@requires(Capability.MANAGE_MODELS)
def export(request: HttpRequest, evaluation_id: UUID, form: str) -> HttpResponse:
    """Hand out the evaluation as a file: ``json`` or ``pdf``."""
    one = _evaluation(evaluation_id)
    if one.report is None or form not in {"json", "pdf"}:
        raise Http404
    exporting.note_export(one, form, actor=signed_in(request), origin=Origin.of(request))
    name = f"evaluation-{one.version.version}-{one.data_sha256[:8]}.{form}"
    headers = {"Content-Disposition": f'attachment; filename="{name}"'}
    if form == "json":
        told = {**exporting.as_json(one), "trained_or_chosen_on": leak_text(leak_of(one))}
        return JsonResponse(told, headers=headers, json_dumps_params={"indent": 1, "ensure_ascii": False})
    try:
        content = evaluation_pdf(one)
    except OSError:
        raise Http404 from None
    return HttpResponse(content, content_type="application/pdf", headers=headers)


@require_GET
@requires(Capability.MANAGE_MODELS)
def compare(request: HttpRequest) -> HttpResponse:
    """Compare two evaluations on the same data set: ``?first=…&second=…``."""
    done = selectors.evaluations().filter(state=EvaluationState.DONE)
    keys = [request.GET.get(name, "") for name in ("first", "second")]
    chosen = [next((one for one in done if str(one.pk) == key), None) for key in keys]
    context: dict[str, object] = {"done": done, "chosen": keys, "comparison": None, "refusal": ""}
    if chosen[0] is not None and chosen[1] is not None:
        try:
            context["comparison"] = compared(chosen[0], chosen[1])
        except EvaluationRefused as refusal:
            context["refusal"] = str(refusal)
    elif any(keys):
        context["refusal"] = _("One of the two evaluations does not exist.")
    return render(request, "mlcore/compare.html", context)


def _agreement(one: Evaluation) -> list[tuple[CellClass, Share | None, Share | None]]:
    """Return for each class its positive and negative percent agreement."""
    negative = negative_agreement(one)
    return [(row.kind, row.recall, negative.get(row.kind.label)) for row in measured_set(one).classes]


def _evaluation(evaluation_id: UUID) -> Evaluation:
    try:
        return selectors.evaluations().get(pk=evaluation_id)
    except Evaluation.DoesNotExist:
        raise Http404 from None
