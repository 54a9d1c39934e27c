"""One version after another becomes the active one: the table of moves, and the one place that makes them."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final
from uuid import UUID

from django.utils import timezone
from django.utils.translation import gettext as _

from accounts.audit.record import JSON, record
from accounts.models import User
from hematovision.core.errors import PortalError
from hematovision.core.origin import Origin
from mlcore.engine.bundle import read_bundle
from mlcore.engine.errors import BundleError
from mlcore.registry import files
from mlcore.registry.models import (
    ModelState,
    ModelVersion,
    Promotion,
    PromotionState,
)

# Where a version may go from where it stands.
MOVES: Final[Mapping[str, frozenset[str]]] = {
    ModelState.CANDIDATE: frozenset({ModelState.SHADOW, ModelState.ACTIVE}),
    ModelState.SHADOW: frozenset({ModelState.CANDIDATE, ModelState.ACTIVE}),
    ModelState.ACTIVE: frozenset({ModelState.RETIRED}),
    ModelState.RETIRED: frozenset({ModelState.SHADOW, ModelState.ACTIVE}),
}


class BundleRefused(PortalError):  # noqa: N818 -- the name says what happened
    """A folder is not a whole, unaltered model bundle."""

    code = "bundle_refused"


class MoveRefused(PortalError):  # noqa: N818 -- the name says what happened
    """A version cannot go where it was sent from where it stands; nothing changed."""

    code = "move_refused"


def locked() -> dict[UUID, ModelVersion]:
    """Lock all versions in one order, so that two promotions wait for each other and never deadlock."""
    return {one.pk: one for one in ModelVersion.objects.select_for_update(no_key=True).order_by("pk")}


def active_of(listed: Mapping[UUID, ModelVersion]) -> ModelVersion | None:
    """Return the active one among locked versions."""
    return next((one for one in listed.values() if one.state == ModelState.ACTIVE), None)


def move(version: ModelVersion, target: ModelState) -> None:
    """Change the state of a locked version, if the table allows it.

    Raises:
        MoveRefused: it does not.
    """
    if target not in MOVES[version.state]:
        raise MoveRefused(
            _("Model %(version)s is %(state)s and cannot become %(target)s.")
            % {
                "version": version.version,
                "state": version.get_state_display(),
                "target": target.label,
            }
        )
    version.state = target
    if target == ModelState.ACTIVE:
        version.promoted_at = timezone.now()
    if target == ModelState.SHADOW:
        version.shadowed_at = timezone.now()
    version.save(update_fields=["state", "promoted_at", "shadowed_at"])


def make_active(
    promotion: Promotion,
    listed: Mapping[UUID, ModelVersion],
    *,
    actor: User | None,
    origin: Origin | None,
) -> ModelVersion:
    """Carry ``promotion`` out and log it, in the caller's transaction, which holds the lock of ``listed``.

    Raises:
        BundleRefused: the files are missing or altered; the active version stays.
    """
    chosen, before = listed[promotion.version_id], active_of(listed)
    check_files(chosen)
    if before is not None:
        move(before, ModelState.RETIRED)
    move(chosen, ModelState.ACTIVE)
    promotion.before, promotion.state = before, PromotionState.DONE
    promotion.decided_by, promotion.decided_at = actor, timezone.now()
    promotion.save()
    # A request that nobody decided on was made against another active version.
    Promotion.objects.filter(state=PromotionState.OPEN).update(
        state=PromotionState.WITHDRAWN, decided_at=timezone.now()
    )
    detail: dict[str, JSON] = {
        "version": chosen.version,
        "sha256": chosen.sha256,
        "before": before.version if before else None,
        "way": promotion.way,
        "reason": promotion.reason,
    }
    record("model.promoted", actor=actor, subject=chosen, origin=origin, detail=detail)
    return chosen


def check_files(version: ModelVersion) -> None:
    """Read the version's bundle through.

    Raises:
        BundleRefused: it is missing, altered or another one.
    """
    try:
        bundle = read_bundle(files.folder_of(version.location))
    except BundleError as problem:
        raise BundleRefused(
            _("The files of model %(version)s are missing or altered. The active model stays.")
            % {"version": version.version}
        ) from problem
    if bundle.identity.sha256 != version.sha256:
        raise BundleRefused(_("The folder holds another model. The active model stays."))
