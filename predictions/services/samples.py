"""Registering a sample, changing its details, and moving it on."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, Final, NamedTuple
from uuid import UUID

from django.db import IntegrityError, transaction
from django.utils.translation import gettext as _

from accounts.audit.record import JSON, record
from accounts.models import User
from accounts.permissions import Capability, can, require
from hematovision.core.origin import Origin
from hematovision.core.typed import typed
from predictions.errors import ChangedSince, SampleRefused
from predictions.models import EventKind, Sample
from predictions.services.recount import alone, judge_anew
from predictions.services.trail import locked, move, note
from predictions.states import SampleState

# What people give of a sample. Nothing else can be written from outside.
FACTS: Final = (
    "accession",
    "patient_reference",
    "sex",
    "age_value",
    "age_unit",
    "instrument",
    "stain",
    "wbc",
    "collected_at",
    "received_at",
    "requester",
    "note",
    "target",
    "training_opt_out",
)
# A report that is signed, or in a doctor's hands, keeps what it was made of.
EDITABLE: Final = (
    SampleState.RECEIVING,
    SampleState.ANALYSING,
    SampleState.TO_REVIEW,
    SampleState.IN_REVIEW,
    SampleState.FAILED,
)


COMMENT_LENGTH: Final = 2000


class _Act(NamedTuple):
    """A move that a person makes: where to, its name in the log, and from where alone."""

    target: SampleState
    event: str
    only_from: tuple[SampleState, ...] = tuple(SampleState)


CANCEL: Final = _Act(SampleState.CANCELLED, "sample.cancelled")
SUBMIT: Final = _Act(SampleState.IN_REVIEW, "sample.submitted", (SampleState.TO_REVIEW,))
RETURN: Final = _Act(SampleState.TO_REVIEW, "sample.returned", (SampleState.IN_REVIEW,))


def sample_create(*, actor: User, origin: Origin, facts: Mapping[str, Any]) -> Sample:
    """Register a sample of the actor's site.

    Raises:
        PermissionDenied: the actor's role may not register samples.
        ValidationError: a fact is missing or wrong, or the accession number is taken.
    """
    require(actor, Capability.REGISTER_SAMPLES)
    with transaction.atomic():
        sample = registered(actor, facts)
        record("sample.created", actor=actor, subject=sample, origin=origin)
    return sample


def registered(actor: User, facts: Mapping[str, Any]) -> Sample:
    """Add the row of a new sample and its first event, for the services that may register one.

    Raises:
        ValidationError: a fact is missing or wrong, or the accession number is taken.
    """
    sample = Sample(site_id=actor.site_id, created_by=actor, **_known(facts))
    sample.full_clean()
    try:
        with transaction.atomic():
            sample.save(force_insert=True)
            note(sample, EventKind.CREATED, actor, {})
    except IntegrityError:
        # Somebody took the accession number between the check and the row: now the check says so.
        sample.full_clean()
        raise
    return sample


def sample_edit(
    *, actor: User, origin: Origin, sample_id: UUID, facts: Mapping[str, Any], revision: int | None = None
) -> Sample:
    """Change the details of a sample; the trail keeps which ones, not what they were (they may name people).

    With ``revision`` only the sample as it was at that is changed.

    Raises:
        ChangedSince: it has another revision.
        PermissionDenied: the actor's role may not register samples.
        Sample.DoesNotExist: there is no such sample for the actor.
        SampleRefused: the sample is signed or cancelled.
        ValidationError: a fact is wrong, or the accession number is taken.
    """
    require(actor, Capability.REGISTER_SAMPLES)
    with transaction.atomic():
        # Whose sample it is decides what others are held against.
        alone()
        sample = locked(actor, sample_id)
        if revision not in {None, sample.revision}:
            raise ChangedSince(_("The sample has changed since you looked. Nothing was changed; look again."))
        if sample.state not in EDITABLE:
            raise SampleRefused(
                _("The sample is %(state)s; its details stay as they are.")
                % {"state": sample.get_state_display()}
            )
        given = _known(facts)
        changed = [name for name, value in given.items() if getattr(sample, name) != value]
        for name in changed:
            setattr(sample, name, given[name])
        if changed:
            sample.full_clean()
            sample.save(update_fields=changed)
            note(sample, EventKind.EDITED, actor, {"fields": changed})
            judge_anew([sample])
            record("sample.edited", actor=actor, subject=sample, origin=origin, detail={"fields": [*changed]})
    return sample


def sample_cancel(*, actor: User, origin: Origin, sample_id: UUID, reason: str) -> Sample:
    """End a sample that will not be reported; everything it has is kept.

    Raises: as :func:`sample_edit`; ``SampleRefused`` also without a reason.
    """
    require(actor, Capability.REGISTER_SAMPLES)
    return _moved(CANCEL, actor, origin, sample_id, reason)


def sample_submit(*, actor: User, origin: Origin, sample_id: UUID) -> Sample:
    """Hand a reviewed sample to the doctor.

    Raises:
        PermissionDenied: the actor's role may not review cells.
        Sample.DoesNotExist: there is no such sample for the actor.
        SampleRefused: it is not there yet, or already there.
    """
    require(actor, Capability.REVIEW_CELLS)
    return _moved(SUBMIT, actor, origin, sample_id)


def sample_return(*, actor: User, origin: Origin, sample_id: UUID, reason: str) -> Sample:
    """Give a submitted sample back to the technician, who is told why.

    Raises: as :func:`sample_submit`; ``SampleRefused`` also without a reason.
    """
    require(actor, Capability.SIGN_REPORTS)
    return _moved(RETURN, actor, origin, sample_id, reason)


def sample_comment(*, actor: User, origin: Origin, sample_id: UUID, text: str) -> None:
    """Say something to the others who work on a sample, in whatever state; nothing of it is on the report.

    Raises:
        PermissionDenied: the actor's role may not review cells.
        Sample.DoesNotExist: there is no such sample for the actor.
        SampleRefused: there are no words, or more than ``COMMENT_LENGTH`` letters.
    """
    require(actor, Capability.REVIEW_CELLS)
    words = typed(text.replace("\r\n", "\n"))
    if not words or len(words) > COMMENT_LENGTH:
        told = _("A comment has between 1 and %(most)d letters. Nothing was kept.")
        raise SampleRefused(told % {"most": COMMENT_LENGTH})
    with transaction.atomic():
        sample = locked(actor, sample_id)
        note(sample, EventKind.COMMENTED, actor, {"comment": words})
        record("sample.commented", actor=actor, subject=sample, origin=origin)


def sample_opened(*, actor: User, origin: Origin, sample: Sample) -> None:
    """Record that ``actor`` saw a sample: once each time it is opened, not for each crop.

    One of another site that they may see only because of an emergency is marked so.
    """
    theirs = sample.site_id == actor.site_id or can(actor, Capability.VIEW_ALL_SITES)
    detail: dict[str, JSON] = {} if theirs else {"emergency": True}
    with transaction.atomic():
        record("sample.opened", actor=actor, subject=sample, origin=origin, detail=detail)


def samples_exported(*, actor: User, origin: Origin, count: int) -> None:
    """Record that ``actor`` took a list of ``count`` samples out of the portal."""
    with transaction.atomic():
        record("samples.exported", actor=actor, origin=origin, detail={"count": count})


def _moved(act: _Act, actor: User, origin: Origin, sample_id: UUID, reason: str | None = None) -> Sample:
    detail = {} if reason is None else {"reason": _given(reason)}
    with transaction.atomic():
        sample = locked(actor, sample_id)
        move(sample, act.target, actor, only_from=act.only_from, **detail)
        record(act.event, actor=actor, subject=sample, origin=origin)
    return sample


def _known(facts: Mapping[str, Any]) -> dict[str, Any]:
    return {name: facts[name] for name in FACTS if name in facts}


def _given(text: str) -> str:
    reason = typed(text)
    if not reason:
        raise SampleRefused(_("Say why: the reason is kept with the sample. Nothing was changed."))
    return reason[:500]
