"""Measuring a version in a child of the training worker: claimed by lease, read by the engine, kept whole."""

from __future__ import annotations

import hashlib
import json
import logging
import shutil
import time
from pathlib import Path
from typing import Any, Final
from uuid import UUID

from django.conf import settings
from django.db import transaction
from django.utils.translation import gettext as _

from accounts.audit.record import JSON, record
from hematovision.core.errors import PortalError
from mlcore.engine.durable import flush_folder
from mlcore.engine.paired import OUTCOMES, REPORT
from mlcore.registry import files
from mlcore.registry.evaluating import folder_of
from mlcore.registry.models import Evaluation, EvaluationState
from mlcore.training.child import Child
from mlcore.training.leased import Leased, LostLease

logger = logging.getLogger(__name__)

MAX_ATTEMPTS: Final = 3
STORE_EVERY_SECONDS: Final = 2.0
# No test set takes longer to read; a child that hangs must not hold the training worker.
LONGEST_SECONDS: Final = 4 * 3600
EVALUATIONS: Final = Leased(Evaluation, waiting=EvaluationState.QUEUED, held=EvaluationState.RUNNING)


class EvaluationFailed(PortalError):  # noqa: N818 -- the name says what happened
    """The engine could not measure; the message is its own."""

    code = "evaluation_failed"


def evaluate_version(evaluation_id: UUID) -> None:
    """Carry out one evaluation, if no other worker holds it."""
    evaluation = _claim(evaluation_id)
    if evaluation is None:
        return
    # Each attempt fills a folder of its own, so that one that was thought dead disturbs none.
    draft = folder_of(evaluation).with_name(f".{evaluation.pk}.{evaluation.fence}")
    try:
        _measure(evaluation, draft)
        _keep(evaluation, draft)
    except LostLease:
        logger.warning("Evaluation %s is held by another worker now; this one stored nothing.", evaluation_id)
    except (PortalError, OSError) as problem:
        logger.warning("Evaluation %s failed: %s", evaluation_id, type(problem).__name__)
        _end(evaluation, state=EvaluationState.FAILED, failure=str(problem)[:2000])
    finally:
        shutil.rmtree(draft, ignore_errors=True)


def overdue() -> list[UUID]:
    """Return the evaluations that wait or whose worker has gone: the sweeper rings for them again."""
    return EVALUATIONS.overdue()


def _claim(evaluation_id: UUID) -> Evaluation | None:
    """Take the evaluation, or return None: it has ended or another worker holds it."""
    taken = EVALUATIONS.claim(evaluation_id)
    return Evaluation.objects.select_related("version").get(pk=evaluation_id) if taken else None


def _measure(evaluation: Evaluation, draft: Path) -> None:
    """Let the engine fill ``draft``, and tell meanwhile how far it is."""
    if evaluation.attempts > MAX_ATTEMPTS:
        raise EvaluationFailed(
            _("Measuring ended without a word %(n)d times; often the memory was too small.")
            % {"n": MAX_ATTEMPTS}
        )
    options = {
        "--sets": Path(settings.DATASET_ROOT),
        "--set": evaluation.data_sha256,
        "--bundle": files.folder_of(evaluation.version.location),
        "--threads": settings.TRAINING_THREADS,
        "--out": draft,
    }
    arguments = ["judge", *(str(part) for option in options.items() for part in option)]
    with Child(arguments, threads=settings.TRAINING_THREADS, workdir=draft) as child:
        _follow(evaluation, child)
        if child.wait() != 0:
            raise EvaluationFailed(child.last_words() or _("Measuring broke off without a word."))


def _follow(evaluation: Evaluation, child: Child) -> None:
    """Hold the lease and store how many cells are read, until the engine ends."""
    began = stored = time.monotonic()
    told: dict[str, Any] = {"done": 0, "of": 0}
    for line in child.lines():
        if line.startswith("{"):
            told = json.loads(line)
        if time.monotonic() - began > LONGEST_SECONDS:
            raise EvaluationFailed(_("Measuring took too long and was ended."))
        if time.monotonic() - stored >= STORE_EVERY_SECONDS:
            stored = time.monotonic()
            EVALUATIONS.renew(evaluation, done=told["done"], cells=told["of"])


def _keep(evaluation: Evaluation, draft: Path) -> None:
    """Move the pictures to their place and store figures and outcomes with each picture's hash."""
    report = json.loads((draft / REPORT).read_text())
    outcomes = json.loads((draft / OUTCOMES).read_text())
    pictures = {
        path.name: hashlib.sha256(path.read_bytes()).hexdigest() for path in sorted(draft.glob("*.png"))
    }
    EVALUATIONS.renew(evaluation, done=len(outcomes), cells=len(outcomes))
    place = folder_of(evaluation)
    shutil.rmtree(place, ignore_errors=True)
    draft.rename(place)
    flush_folder(place.parent)
    _end(evaluation, state=EvaluationState.DONE, failure="", report=report, outcomes=outcomes, files=pictures)


def _end(evaluation: Evaluation, **changes: Any) -> None:
    """Store how the evaluation ended and log it, once."""
    with transaction.atomic():
        EVALUATIONS.end(evaluation, **changes)
        outcome = "ok" if changes["state"] == EvaluationState.DONE else "failed"
        detail: dict[str, JSON] = {"version": evaluation.version.version, "data": evaluation.data_sha256}
        record("evaluation.ended", actor=None, subject=evaluation.version, outcome=outcome, detail=detail)
