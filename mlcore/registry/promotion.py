"""Making a version active as people do it: by gate and two people, by written override, or back one step."""

from __future__ import annotations

from typing import Final
from uuid import UUID

from django.db import transaction
from django.utils import timezone
from django.utils.translation import gettext as _
from django.utils.translation import ngettext

from accounts.audit.record import JSON, record
from accounts.models import User
from accounts.permissions import Capability, require
from hematovision.core.errors import PortalError
from hematovision.core.origin import Origin
from hematovision.core.typed import typed
from mlcore.registry import switching
from mlcore.registry.models import (
    GateResult,
    ModelState,
    ModelVersion,
    Promotion,
    PromotionState,
    PromotionWay,
)

LEAST_REASON: Final = 20


class PromotionRefused(PortalError):  # noqa: N818 -- the name says what happened
    """A promotion lacks what it has to rest on; the active version stays."""

    code = "promotion_refused"


def standing_gate(version: ModelVersion, active: ModelVersion | None) -> GateResult | None:
    """Return the last result of the gate of ``version`` beside ``active``, passed or not."""
    if active is None:
        return None
    return GateResult.objects.filter(candidate=version, active=active).select_related("made_by").first()


def promotion_ask(*, version: UUID, actor: User, origin: Origin | None = None) -> Promotion:
    """Ask a second person to make ``version`` active, which has passed the gate beside the active one.

    Raises:
        PromotionRefused: it has not, or the request is open already.
        PermissionDenied: ``actor`` may not manage models.
        ModelVersion.DoesNotExist: there is no such version.
    """
    require(actor, Capability.MANAGE_MODELS)
    with transaction.atomic():
        listed = switching.locked()
        chosen, active = _chosen(listed, version), switching.active_of(listed)
        gate = standing_gate(chosen, active)
        if gate is None or not gate.passed:
            raise PromotionRefused(
                _("Model %(version)s has not passed the gate beside the active model.")
                % {"version": chosen.version}
            )
        if Promotion.objects.filter(version=chosen, state=PromotionState.OPEN).exists():
            raise PromotionRefused(_("Someone has asked for this already. It waits for a second person."))
        facts = {"way": PromotionWay.GATE, "state": PromotionState.OPEN, "gate": gate, "asked_by": actor}
        promotion = Promotion.objects.create(version=chosen, before=active, **facts)
        detail: dict[str, JSON] = {"version": chosen.version, "gate": str(gate.pk)}
        record("model.promotion_asked", actor=actor, subject=chosen, origin=origin, detail=detail)
    return promotion


def promotion_approve(*, promotion: UUID, actor: User, origin: Origin | None = None) -> ModelVersion:
    """Approve what somebody else asked for, which makes the version active.

    Raises:
        PromotionRefused: it is one's own request, it was decided, or the gate no longer stands.
        BundleRefused: the files are missing or altered; the active version stays.
        PermissionDenied: ``actor`` may not manage models.
        Promotion.DoesNotExist: there is no such request.
    """
    require(actor, Capability.MANAGE_MODELS)
    with transaction.atomic():
        listed = switching.locked()
        asked = _open(promotion)
        if asked.asked_by_id == actor.pk:
            raise PromotionRefused(_("You asked for this yourself. Somebody else has to approve it."))
        gate = standing_gate(listed[asked.version_id], switching.active_of(listed))
        if gate is None or not gate.passed:
            raise PromotionRefused(
                _("The gate that this request rests on no longer stands. Run the gate again.")
            )
        asked.gate = gate
        return switching.make_active(asked, listed, actor=actor, origin=origin)


def promotion_withdraw(*, promotion: UUID, actor: User, origin: Origin | None = None) -> Promotion:
    """Take an open request back, one's own or another's.

    Raises:
        PromotionRefused: it was decided already.
        PermissionDenied: ``actor`` may not manage models.
        Promotion.DoesNotExist: there is no such request.
    """
    require(actor, Capability.MANAGE_MODELS)
    with transaction.atomic():
        asked = _open(promotion)
        asked.state, asked.decided_by, asked.decided_at = PromotionState.WITHDRAWN, actor, timezone.now()
        asked.save()
        detail: dict[str, JSON] = {"version": asked.version.version}
        record("model.promotion_withdrawn", actor=actor, subject=asked.version, origin=origin, detail=detail)
    return asked


def promotion_override(
    *, version: UUID, reason: str, actor: User, origin: Origin | None = None
) -> ModelVersion:
    """Make ``version`` active without gate or second person, for a written reason that is shown for ever.

    Raises:
        PromotionRefused: the reason is too short, or the version is the active one.
        BundleRefused: the files are missing or altered; the active version stays.
        PermissionDenied: ``actor`` may not manage models.
        ModelVersion.DoesNotExist: there is no such version.
    """
    require(actor, Capability.MANAGE_MODELS)
    reason = " ".join(typed(reason).split())
    with transaction.atomic():
        listed = switching.locked()
        chosen = _chosen(listed, version)
        _check_reason(reason)
        promotion = Promotion(
            version=chosen,
            way=PromotionWay.OVERRIDE,
            gate=standing_gate(chosen, switching.active_of(listed)),
            reason=reason,
            asked_by=actor,
        )
        return switching.make_active(promotion, listed, actor=actor, origin=origin)


def roll_back(*, actor: User, origin: Origin | None = None) -> ModelVersion:
    """Make the version active again that was active before; it needs no gate, for it has read here.

    Raises:
        PromotionRefused: none was.
        BundleRefused: its files are missing or altered; the active version stays.
        PermissionDenied: ``actor`` may not manage models.
    """
    require(actor, Capability.MANAGE_MODELS)
    with transaction.atomic():
        listed = switching.locked()
        before = version_before(switching.active_of(listed))
        if before is None:
            raise PromotionRefused(_("No other version was active before this one."))
        promotion = Promotion(version=listed[before.pk], way=PromotionWay.ROLL_BACK, asked_by=actor)
        return switching.make_active(promotion, listed, actor=actor, origin=origin)


def version_before(active: ModelVersion | None) -> ModelVersion | None:
    """Return what was active before ``active`` became so, or None.

    Rolled back to, a version leads on to what was active before it, never forth to what it replaced.
    """
    if active is None:
        return None
    past = Promotion.objects.filter(version=active, state=PromotionState.DONE)
    last = past.exclude(way=PromotionWay.ROLL_BACK).order_by("-decided_at").first()
    return last.before if last else None


def shadow_start(*, version: UUID, actor: User, origin: Origin | None = None) -> ModelVersion:
    """Let ``version`` read beside the active one without showing it; another shadow steps back.

    Raises:
        MoveRefused: it is active.
        BundleRefused: its files are missing or altered.
        PermissionDenied: ``actor`` may not manage models.
        ModelVersion.DoesNotExist: there is no such version.
    """
    require(actor, Capability.MANAGE_MODELS)
    with transaction.atomic():
        listed = switching.locked()
        chosen = _chosen(listed, version)
        switching.check_files(chosen)
        for other in listed.values():
            if other.state == ModelState.SHADOW and other.pk != chosen.pk:
                switching.move(other, ModelState.CANDIDATE)
        switching.move(chosen, ModelState.SHADOW)
        detail: dict[str, JSON] = {"version": chosen.version}
        record("model.shadow_started", actor=actor, subject=chosen, origin=origin, detail=detail)
    return chosen


def shadow_stop(*, version: UUID, actor: User, origin: Origin | None = None) -> ModelVersion:
    """Make the shadow a candidate again; what it has read stays.

    Raises:
        MoveRefused: it is no shadow.
        PermissionDenied: ``actor`` may not manage models.
        ModelVersion.DoesNotExist: there is no such version.
    """
    require(actor, Capability.MANAGE_MODELS)
    with transaction.atomic():
        chosen = _chosen(switching.locked(), version)
        switching.move(chosen, ModelState.CANDIDATE)
        detail: dict[str, JSON] = {"version": chosen.version}
        record("model.shadow_stopped", actor=actor, subject=chosen, origin=origin, detail=detail)
    return chosen


def _chosen(listed: dict[UUID, ModelVersion], version: UUID) -> ModelVersion:
    if version not in listed:
        raise ModelVersion.DoesNotExist
    chosen = listed[version]
    if chosen.state == ModelState.ACTIVE:
        raise PromotionRefused(_("Model %(version)s is the active one.") % {"version": chosen.version})
    return chosen


def _check_reason(reason: str) -> None:
    if len(reason) < LEAST_REASON:
        text = ngettext(
            "Write at least %(n)d character that tells others why.",
            "Write at least %(n)d characters that tell others why.",
            LEAST_REASON,
        )
        raise PromotionRefused(text % {"n": LEAST_REASON})


def _open(promotion: UUID) -> Promotion:
    asked = (
        Promotion.objects.select_for_update(no_key=True, of=("self",))
        .select_related("version")
        .get(pk=promotion)
    )
    if asked.state != PromotionState.OPEN:
        raise PromotionRefused(_("This request was decided already."))
    return asked
