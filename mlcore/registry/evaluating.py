"""Orders to measure a version on a frozen data set."""

from __future__ import annotations

from pathlib import Path
from uuid import UUID

from django.conf import settings
from django.db import IntegrityError, transaction
from django.utils.translation import gettext as _

from accounts.audit.record import JSON, record
from accounts.models import User
from accounts.permissions import Capability, require
from hematovision.core.errors import PortalError
from hematovision.core.origin import Origin
from hematovision.core.queue import EVALUATE_VERSION, ring_on_commit
from mlcore.registry import selectors
from mlcore.registry.dataset_selectors import ready_version
from mlcore.registry.models import Evaluation, EvaluationState


class EvaluationRefused(PortalError):  # noqa: N818 -- the name says what happened
    """There is no such data set version; nothing was queued."""

    code = "evaluation_refused"


def evaluation_order(
    *, version: UUID, data: str, actor: User | None, origin: Origin | None = None
) -> Evaluation:
    """Queue the measuring of ``version`` on the frozen data set version whose hash is ``data``.

    What is measured, waits or is under way already is returned as it is; only what failed is done again.

    Raises:
        EvaluationRefused: there is no such data set version.
        PermissionDenied: ``actor`` may not manage models; None is the portal itself.
        ModelVersion.DoesNotExist: there is no such version.
    """
    if actor is not None:
        require(actor, Capability.MANAGE_MODELS)
    chosen = selectors.version(version)
    known = ready_version(data)
    if known is None:
        raise EvaluationRefused(_("There is no such data set version on the server."))
    standing = chosen.evaluations.filter(data_sha256=data).exclude(state=EvaluationState.FAILED)
    if found := standing.first():
        return found
    try:
        with transaction.atomic():
            facts = {"data_sha256": data, "data": known.header, "ordered_by": actor}
            ordered = Evaluation.objects.create(version=chosen, **facts)
            ring_on_commit(EVALUATE_VERSION, str(ordered.pk))
            detail: dict[str, JSON] = {"version": chosen.version, "data": data}
            record("evaluation.ordered", actor=actor, subject=chosen, origin=origin, detail=detail)
    except IntegrityError:
        # Somebody else ordered the same at the same time; the constraint let one through.
        return standing.get()
    return ordered


def folder_of(evaluation: Evaluation) -> Path:
    """Return where the pictures of an evaluation lie."""
    return Path(settings.EVALUATION_ROOT) / str(evaluation.pk)
