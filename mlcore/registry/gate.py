"""The gate: a candidate beside the active version on the same frozen test cells, criterion by criterion."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import asdict
from uuid import UUID

from django.conf import settings
from django.db import transaction
from django.utils.translation import gettext as _

from accounts.audit.record import JSON, record
from accounts.models import User
from accounts.permissions import Capability, require
from hematovision.core.errors import PortalError
from hematovision.core.origin import Origin
from mlcore.engine.bundle import read_bundle
from mlcore.engine.criteria import Criterion, Policy, criteria, no_leak
from mlcore.engine.errors import EngineError
from mlcore.engine.noninferiority import Verdict
from mlcore.engine.paired import CellOutcome, paired
from mlcore.engine.seen import seen_by
from mlcore.registry import files, selectors
from mlcore.registry.dataset_selectors import ready_version, shown_by_test
from mlcore.registry.leaks import leaks
from mlcore.registry.models import (
    DataSetVersion,
    Evaluation,
    EvaluationState,
    GateResult,
    ModelState,
    ModelVersion,
)


class GateRefused(PortalError):  # noqa: N818 -- the name says what happened
    """The gate cannot judge: something that it compares is missing. Nothing was stored."""

    code = "gate_refused"


def policy() -> Policy:
    """Return what this laboratory's settings ask for."""
    return Policy(
        margin=settings.GATE_MARGIN_PERCENT / 100,
        calibration=settings.GATE_CALIBRATION_PERCENT / 100,
        coverage=settings.GATE_COVERAGE_PERCENT / 100,
        answers=settings.GATE_ANSWERS_PERCENT / 100,
    )


def gate_run(*, version: UUID, data: str, actor: User, origin: Origin | None = None) -> GateResult:
    """Judge ``version`` beside the active one on the frozen data set version ``data`` and store the result.

    Raises:
        GateRefused: both have not been measured there, none is active, or it is the active one itself.
        PermissionDenied: ``actor`` may not manage models.
        ModelVersion.DoesNotExist: there is no such version.
    """
    require(actor, Capability.MANAGE_MODELS)
    candidate, active = selectors.version(version), selectors.active_version()
    if active is None or candidate.state == ModelState.ACTIVE:
        raise GateRefused(
            _("The gate compares a version with the active one, and there is nothing to compare.")
        )
    measured = (_evaluation(active, data), _evaluation(candidate, data))
    aims = policy()
    return _stored(measured, aims, _criteria(candidate, measured, aims), actor, origin)


def _stored(
    measured: tuple[Evaluation, Evaluation],
    aims: Policy,
    found: Sequence[Criterion],
    actor: User,
    origin: Origin | None,
) -> GateResult:
    """Store and log the verdict on the second version of ``measured`` beside the first."""
    active, candidate = (one.version for one in measured)
    unmet = [one for one in found if one.verdict != Verdict.PASSED]
    names: list[JSON] = [f"{one.name} {one.label}".strip() for one in unmet]
    with transaction.atomic():
        result = GateResult.objects.create(
            candidate=candidate,
            active=active,
            candidate_sha256=candidate.sha256,
            active_sha256=active.sha256,
            data_sha256=measured[1].data_sha256,
            data=measured[1].data,
            policy=asdict(aims),
            criteria=[asdict(one) for one in found],
            passed=not unmet,
            made_by=actor,
        )
        detail: dict[str, JSON] = {
            "version": candidate.version,
            "sha256": candidate.sha256,
            "active": active.sha256,
            "data": result.data_sha256,
            "passed": result.passed,
            "unmet": names,
        }
        record("model.gated", actor=actor, subject=candidate, origin=origin, detail=detail)
    return result


def outcomes(evaluation: Evaluation) -> list[CellOutcome]:
    """Return what an evaluation says of each cell."""
    return [CellOutcome(**one) for one in evaluation.outcomes or ()]


def _criteria(candidate: ModelVersion, measured: Sequence[Evaluation], aims: Policy) -> list[Criterion]:
    version = ready_version(measured[0].data_sha256)
    if version is None:
        raise GateRefused(_("There is no such data set version on the server."))
    try:
        leak = _no_leak(version, candidate)
        pairs = paired(outcomes(measured[0]), outcomes(measured[1]))
    except EngineError as problem:
        raise GateRefused(str(problem)) from problem
    return [leak, *criteria(pairs, aims)]


def _no_leak(version: DataSetVersion, candidate: ModelVersion) -> Criterion:
    """Return what was found out already, else compare now, which may take a minute."""
    (known,) = leaks(version, [candidate])
    if known.found is not None:
        return known.found.criterion
    seen = seen_by(read_bundle(files.folder_of(candidate.location)))
    return no_leak({cell.pixels: cell.look for cell in shown_by_test(version)}, seen)


def _evaluation(version: ModelVersion, data: str) -> Evaluation:
    found = version.evaluations.filter(data_sha256=data, state=EvaluationState.DONE).first()
    if found is None:
        raise GateRefused(
            _("Model %(version)s has not been measured on this data set yet.") % {"version": version.version}
        )
    return found
