"""Acts on versions, for admins: gate, promotion by two, override, one step back, shadow."""

from __future__ import annotations

from collections.abc import Callable
from uuid import UUID

from django.contrib import messages
from django.core.exceptions import ObjectDoesNotExist
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import redirect
from django.utils.translation import gettext as _
from django.views.decorators.http import require_POST

from accounts.permissions import Capability
from accounts.web.access import requires, signed_in
from accounts.web.proof import prove_first
from hematovision.core.errors import PortalError
from hematovision.core.origin import Origin
from mlcore.registry import evaluating, gate, promotion, selectors, services
from mlcore.registry.models import EvaluationState, ModelVersion


class NotPassed(PortalError):  # noqa: N818 -- the name says what happened
    """The gate has judged, and the stored result says no: the page tells that as a refusal."""

    code = "gate_not_passed"


@require_POST
@requires(Capability.MANAGE_MODELS)
@prove_first
def first(request: HttpRequest, version_id: UUID) -> HttpResponse:
    """Make the first version of a portal active."""

    def act() -> str:
        version = services.promote(version=version_id, actor=signed_in(request), origin=Origin.of(request))
        return _reads(version)

    return _done(request, version_id, act)


@require_POST
@requires(Capability.MANAGE_MODELS)
def judge(request: HttpRequest, version_id: UUID) -> HttpResponse:
    """Run the gate on a data set; what has not been measured there yet is ordered first."""
    actor, origin, data = signed_in(request), Origin.of(request), request.POST.get("data", "")

    def act() -> str:
        candidate, active = selectors.version(version_id), selectors.active_version()
        wanted = [one for one in (candidate, active) if one is not None]
        orders = [
            evaluating.evaluation_order(version=one.pk, data=data, actor=actor, origin=origin)
            for one in wanted
        ]
        if any(order.state != EvaluationState.DONE for order in orders):
            return _("Both models are being measured on this data set. Run the gate when that is done.")
        result = gate.gate_run(version=version_id, data=data, actor=actor, origin=origin)
        if not result.passed:
            raise NotPassed(_("The gate is not passed. Each criterion says below why."))
        return _("The gate is passed. Another admin can approve the promotion once you ask for it.")

    return _done(request, version_id, act)


@require_POST
@requires(Capability.MANAGE_MODELS)
@prove_first
def ask(request: HttpRequest, version_id: UUID) -> HttpResponse:
    """Ask a second person to make a version active."""

    def act() -> str:
        promotion.promotion_ask(version=version_id, actor=signed_in(request), origin=Origin.of(request))
        return _("Asked. Another admin has to approve it on this page.")

    return _done(request, version_id, act)


@require_POST
@requires(Capability.MANAGE_MODELS)
@prove_first
def override(request: HttpRequest, version_id: UUID) -> HttpResponse:
    """Make a version active for a written reason."""

    def act() -> str:
        version = promotion.promotion_override(
            version=version_id,
            reason=request.POST.get("reason", ""),
            actor=signed_in(request),
            origin=Origin.of(request),
        )
        return _reads(version)

    return _done(request, version_id, act)


@require_POST
@requires(Capability.MANAGE_MODELS)
@prove_first
def approve(request: HttpRequest, promotion_id: UUID) -> HttpResponse:
    """Approve what somebody else asked for."""

    def act() -> str:
        return _reads(
            promotion.promotion_approve(
                promotion=promotion_id, actor=signed_in(request), origin=Origin.of(request)
            )
        )

    return _done(request, _version_of(promotion_id), act)


@require_POST
@requires(Capability.MANAGE_MODELS)
def withdraw(request: HttpRequest, promotion_id: UUID) -> HttpResponse:
    """Take a request back."""

    def act() -> str:
        promotion.promotion_withdraw(
            promotion=promotion_id, actor=signed_in(request), origin=Origin.of(request)
        )
        return _("The request is withdrawn.")

    return _done(request, _version_of(promotion_id), act)


@require_POST
@requires(Capability.MANAGE_MODELS)
@prove_first
def roll_back(request: HttpRequest) -> HttpResponse:
    """Make the version active that was so before."""

    def act() -> str:
        return _reads(promotion.roll_back(actor=signed_in(request), origin=Origin.of(request)))

    return _done(request, None, act)


@require_POST
@requires(Capability.MANAGE_MODELS)
def shadow(request: HttpRequest, version_id: UUID) -> HttpResponse:
    """Let a version read in the shadow, or with ``stop`` no longer."""
    actor, origin = signed_in(request), Origin.of(request)

    def act() -> str:
        if "stop" in request.POST:
            promotion.shadow_stop(version=version_id, actor=actor, origin=origin)
            return _("It reads in the shadow no longer. What it has read stays for comparison.")
        promotion.shadow_start(version=version_id, actor=actor, origin=origin)
        return _("It reads each new field after the active model now. Nobody sees its results but here.")

    return _done(request, version_id, act)


def _done(request: HttpRequest, version_id: UUID | None, act: Callable[[], str]) -> HttpResponse:
    """Do it, say what came of it, and go back to the page it was asked on."""
    try:
        messages.success(request, act())
    except ObjectDoesNotExist:
        raise Http404 from None
    except PortalError as refusal:
        messages.error(request, str(refusal))
    return redirect("model", version_id) if version_id else redirect("models")


def _version_of(promotion_id: UUID) -> UUID:
    try:
        return selectors.promotions().get(pk=promotion_id).version_id
    except ObjectDoesNotExist:
        raise Http404 from None


def _reads(version: ModelVersion) -> str:
    text = _("Model %(version)s reads new smears from now on. Earlier results keep their model.")
    return text % {"version": version.version}
