"""The worker's half of reading old samples again: one sample after the other, and only while nothing is new.

A sample is read in whole and switched in one transaction, so none is ever shown half by one model and half
by another. Before each field the queue is looked at: where a new upload waits, the sample is given back and
the worker is free, so an upload waits for one field at most. A worker that is killed leaves a lease that runs
out; the sweeper rings for what is left.
"""

from __future__ import annotations

import logging
import time
from collections.abc import Callable, Sequence
from contextlib import suppress
from dataclasses import dataclass
from datetime import timedelta
from typing import Any, Final
from uuid import UUID

from django.conf import settings
from django.db import connection, transaction
from django.db.models.functions import Now
from django.utils.translation import gettext as _

from accounts.audit.record import record
from hematovision.core.queue import READ_AGAIN, ring
from mlcore.serving import loader
from mlcore.serving.loader import Loaded, ModelUnavailable
from predictions.errors import ImageGone
from predictions.models import Analysis, AnalysisJob, EventKind, ReanalysedSample, Reanalysis, SmearField
from predictions.pipeline.infer import Reading, infer
from predictions.selectors.reanalysis import may_switch
from predictions.services.days import count_reading
from predictions.services.jobs import keep
from predictions.services.reanalysis import end
from predictions.services.recount import recount
from predictions.services.reread_outcome import outcome_of
from predictions.services.trail import locked, note
from predictions.services.twins import suggest_twins
from predictions.states import JobState

logger = logging.getLogger(__name__)

# A call works for so long and then rings for the next, so that no message holds a worker for hours.
SLICE_SECONDS: Final = 20.0
MOST_ATTEMPTS: Final = 3
State = ReanalysedSample.State

# As for jobs (predictions.services.jobs), except that nobody names the one to take.
CLAIM: Final = """
    UPDATE predictions_reanalysedsample
       SET attempts = attempts + 1, fence = fence + 1, lease_until = clock_timestamp() + %(lease)s
     WHERE id = (SELECT id FROM predictions_reanalysedsample
                  WHERE order_id = %(order)s AND state = 'waiting' AND attempts < %(most)s
                    AND (lease_until IS NULL OR lease_until < clock_timestamp())
                  ORDER BY id LIMIT 1 FOR UPDATE SKIP LOCKED)
 RETURNING id, sample_id, fence, attempts
"""
# A sample has many fields: as long as the leases of so many jobs.
LEASES: Final = 5


@dataclass(frozen=True, slots=True)
class Unit:
    """The right to finish one sample of an order, as long as no other worker has taken it over."""

    key: int
    sample_id: UUID
    fence: int
    attempts: int


class Interrupted(Exception):  # noqa: N818 -- not an error: something more urgent has come
    """A new upload waits."""


def read_again(*, load: Callable[[], Loaded] = loader.current, seconds: float = SLICE_SECONDS) -> int:
    """Read samples of the running order until time is up or something new waits; return how many."""
    order = Reanalysis.objects.filter(state=Reanalysis.State.RUNNING).first()
    loaded = _loaded(order, load) if order else None
    if order is None or loaded is None:
        return 0
    ends, read = time.monotonic() + seconds, 0
    with suppress(Interrupted):
        while _runs(order):
            if time.monotonic() > ends:
                ring(READ_AGAIN)
                break
            unit = _claim(order)
            if unit is None:
                _end_if_done(order)
                break
            _read_sample(unit, loaded)
            read += 1
    return read


def _loaded(order: Reanalysis, load: Callable[[], Loaded]) -> Loaded | None:
    """Return the order's model, or None where there is none now; another active one ends the order."""
    try:
        loaded = load()
    except ModelUnavailable as problem:
        logger.warning("Samples wait to be read again: %s", problem.message)
        return None
    if loaded.version.pk == order.model_version_id:
        return loaded
    _end(order, Reanalysis.State.STOPPED, _("Another model became active."))
    return None


def _runs(order: Reanalysis) -> bool:
    return Reanalysis.objects.filter(pk=order.pk, state=Reanalysis.State.RUNNING).exists()


def _claim(order: Reanalysis) -> Unit | None:
    _give_way()
    lease = timedelta(seconds=LEASES * settings.JOB_LEASE_SECONDS)
    with connection.cursor() as cursor:
        facts: dict[str, Any] = {"order": order.pk, "lease": lease, "most": MOST_ATTEMPTS}
        cursor.execute(CLAIM, facts)
        row = cursor.fetchone()
    return Unit(*row) if row else None


def _give_way() -> None:
    """Leave as soon as an upload waits.

    Raises:
        Interrupted: one does.
    """
    if AnalysisJob.objects.filter(state=JobState.QUEUED).exists():
        raise Interrupted


def _read_sample(unit: Unit, loaded: Loaded) -> None:
    """Read the fields of a sample and end it, in whatever way; or give it back when something new waits."""
    try:
        pairs = [(field, _read(field, loaded)) for field in _fields(unit.sample_id, loaded)]
    except Interrupted:
        # The attempt did not fail, so it does not count.
        _held(unit).update(lease_until=None, attempts=unit.attempts - 1)
        raise
    except ImageGone:
        logger.exception("A field of sample %s cannot be read again", unit.sample_id)
        _held(unit).update(state=State.FAILED, lease_until=None)
        return
    except Exception:  # as for uploads: whatever an image does to the model must end, not loop
        logger.exception("Sample %s cannot be read again (attempt %d)", unit.sample_id, unit.attempts)
        failed = unit.attempts >= MOST_ATTEMPTS
        _held(unit).update(state=State.FAILED if failed else State.WAITING, lease_until=None)
        return
    _finish(unit, pairs, loaded)


def _fields(sample_id: UUID, loaded: Loaded) -> list[SmearField]:
    """Return the fields of a sample that were read before, and not by this version."""
    own = Analysis.objects.filter(model_version=loaded.version).values("field")
    read = SmearField.objects.filter(sample=sample_id, job__state=JobState.DONE)
    return list(read.exclude(pk__in=own).select_related("image").order_by("created_at", "id"))


def _read(field: SmearField, loaded: Loaded) -> Reading:
    _give_way()
    return infer(loaded.predictor, field)


def _finish(unit: Unit, pairs: Sequence[tuple[SmearField, Reading]], loaded: Loaded) -> None:
    """Keep the readings where the sample may switch, else only what they would have changed.

    Nothing is kept when another worker has taken the sample over meanwhile.
    """
    outcome = outcome_of(pairs)
    with transaction.atomic():
        sample = locked(None, unit.sample_id)
        switch = bool(pairs) and may_switch(sample)
        state = State.SWITCHED if switch else State.COMPARED if pairs else State.SKIPPED
        if not _held(unit).update(state=state, outcome=outcome, lease_until=None):
            logger.warning("Sample %s was taken over; this late reading is dropped.", unit.sample_id)
            return
        if not switch:
            return
        made = [keep(field, reading, loaded.version) for field, reading in pairs]
        facts: dict[str, Any] = {"model": loaded.version.version, "fields": len(made)}
        note(sample, EventKind.READ_AGAIN, None, facts)
        recount(sample)
        for analysis in made:
            count_reading(analysis)
        record("sample.read_again", actor=None, subject=sample, detail=facts)
    for field, _reading in pairs:
        suggest_twins(field)


def _held(unit: Unit) -> Any:
    return ReanalysedSample.objects.filter(pk=unit.key, fence=unit.fence, state=State.WAITING)


def _end_if_done(order: Reanalysis) -> None:
    """End the order when no sample waits; those that another worker holds still do.

    A sample whose last worker ended without a word, perhaps for its memory, has failed.
    """
    used_up = ReanalysedSample.objects.filter(order=order, state=State.WAITING, attempts__gte=MOST_ATTEMPTS)
    used_up.filter(lease_until__lt=Now()).update(state=State.FAILED, lease_until=None)
    if not ReanalysedSample.objects.filter(order=order, state=State.WAITING).exists():
        _end(order, Reanalysis.State.DONE)


def _end(order: Reanalysis, state: Reanalysis.State, why: str = "") -> None:
    with transaction.atomic():
        order = Reanalysis.objects.select_for_update(no_key=True).get(pk=order.pk)
        if order.state == Reanalysis.State.RUNNING:
            end(order, state, why)
            record(f"reanalysis.{state.value}", actor=None, subject=order, detail={"why": why})
