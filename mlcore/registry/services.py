"""Writing to the registry of models: register a bundle, make a version active."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any
from uuid import UUID

from django.db import transaction
from django.utils.translation import gettext as _

from accounts.audit.record import record
from accounts.models import User
from accounts.permissions import Capability, require
from hematovision.core.origin import Origin
from mlcore.engine.bundle import Bundle, read_bundle
from mlcore.engine.errors import BundleError
from mlcore.registry import files, selectors, switching
from mlcore.registry.models import ModelSource, ModelVersion, Promotion, PromotionWay
from mlcore.registry.switching import BundleRefused

__all__ = ["BundleRefused", "promote", "register_bundle", "ship"]

CARD, EVALUATION, BASELINE, UNSEEN = "card.md", "evaluation.json", "baseline.json", "unseen.json"


def register_bundle(
    *,
    directory: Path,
    actor: User | None,
    origin: Origin | None = None,
    source: str = ModelSource.IMPORTED,
) -> ModelVersion:
    """Verify the bundle in ``directory``, copy it into the model folder and list it as a candidate.

    Doing it again with the same bundle returns the version that is already listed and mends its files.

    Raises:
        BundleRefused: the folder is not a whole bundle of this engine. Nothing was registered.
        PermissionDenied: ``actor`` may not manage models.
    """
    if actor is not None:
        require(actor, Capability.MANAGE_MODELS)
    try:
        bundle = read_bundle(directory)
        location = files.keep(bundle)
    except BundleError as problem:
        raise BundleRefused(str(problem)) from problem
    with transaction.atomic():
        version, created = ModelVersion.objects.get_or_create(
            sha256=bundle.identity.sha256,
            defaults={
                "version": bundle.identity.version,
                "labels": list(bundle.labels),
                "metrics": _metrics(bundle),
                "card": bundle.contents.get(CARD, b"").decode("utf-8", "replace"),
                "location": location,
                "source": source,
                "registered_by": actor,
            },
        )
        if created:
            detail = {"version": version.version, "sha256": version.sha256, "source": str(source)}
            record("model.registered", actor=actor, subject=version, origin=origin, detail=detail)
    return version


def promote(*, version: UUID, actor: User | None, origin: Origin | None = None) -> ModelVersion:
    """Make ``version`` the one that reads new smears where no gate stands: a release's own, or the first.

    Results keep the version that made them; workers change over before their next analysis. A person who
    would replace an active version goes through ``mlcore.registry.promotion``.

    Raises:
        MoveRefused: a person asked for it though another version is active.
        BundleRefused: its files are missing or altered; the active version stays.
        PermissionDenied: ``actor`` may not manage models.
        ModelVersion.DoesNotExist: there is no such version.
    """
    if actor is not None:
        require(actor, Capability.MANAGE_MODELS)
    with transaction.atomic():
        listed = switching.locked()
        if version not in listed:
            raise ModelVersion.DoesNotExist
        before = switching.active_of(listed)
        if before is not None and before.pk == version:
            return before
        if before is not None and actor is not None:
            raise switching.MoveRefused(_("Another model is active. This one has to pass the gate first."))
        way = PromotionWay.RELEASE if before is not None else PromotionWay.FIRST
        promotion = Promotion(version=listed[version], way=way, asked_by=actor)
        return switching.make_active(promotion, listed, actor=actor, origin=origin)


def ship(directory: Path) -> ModelVersion:
    """Register the bundle that came with this release and make it active where nobody chose otherwise.

    It becomes active when no version is, or when it is new here and the active one came with an earlier
    release. A version that an admin chose stays, and so does a step back to an earlier release's.
    """
    known = set(ModelVersion.objects.values_list("sha256", flat=True))
    version = register_bundle(directory=directory, actor=None, source=ModelSource.SHIPPED)
    active = selectors.active_version()
    if active is None or (version.sha256 not in known and active.source == ModelSource.SHIPPED):
        return promote(version=version.pk, actor=None)
    return version


def _metrics(bundle: Bundle) -> dict[str, Any]:
    """Return what the bundle says was measured, and what its answers rest on."""
    manifest = bundle.manifest
    return {
        "evaluation": json.loads(bundle.contents.get(EVALUATION, b"{}")),
        "baseline": json.loads(bundle.contents.get(BASELINE, b"{}")),
        "unseen": json.loads(bundle.contents.get(UNSEEN, b"{}")),
        "validation": manifest.get("validation_accuracy", {}).get(manifest.get("serving")),
        "calibration": manifest.get("calibration", {}),
        "data": manifest.get("data", {}),
    }
