"""What the arrival and the reading of a smear field mean for the sample it belongs to."""

from __future__ import annotations

from uuid import UUID

from django.utils.translation import gettext as _

from accounts.models import User
from predictions.errors import SampleRefused
from predictions.models import AnalysisJob, Event, EventKind, Sample, SmearField
from predictions.services.outbox import post
from predictions.services.recount import recount
from predictions.services.trail import locked, move, note
from predictions.states import TAKES_FIELDS, JobState, SampleState


def take_in(actor: User, sample_id: UUID) -> Sample:
    """Return the sample, locked and analysing, to which a field is about to be added.

    Raises:
        Sample.DoesNotExist: there is no such sample for the actor.
        SampleRefused: the sample takes no more fields.
    """
    sample = locked(actor, sample_id)
    must_take(sample)
    if sample.state != SampleState.ANALYSING:
        move(sample, SampleState.ANALYSING, actor)
    return sample


def must_take(sample: Sample) -> None:
    """Refuse a sample that takes no more fields.

    Raises:
        SampleRefused: it was submitted, signed or cancelled.
    """
    if sample.state not in TAKES_FIELDS:
        raise SampleRefused(
            _("The sample is %(state)s and takes no more images. The doctor can return it for that.")
            % {"state": sample.get_state_display()}
        )


def read(field: SmearField, sample_id: UUID | None, *, cells: int | None) -> None:
    """Note that the analysis of a field has ended, with so many ``cells`` or, None, without a result.

    The last one takes the sample on: to review, or to failed where no field could be read. Programs
    that listen are told of either.
    """
    if sample_id is None:
        return
    sample = locked(None, sample_id)
    kind = EventKind.FAILED if cells is None else EventKind.ANALYSED
    note(sample, kind, None, {"field": str(field.pk), "cells": cells})
    if cells is not None:
        recount(sample)
    if sample.state != SampleState.ANALYSING:
        return
    states = set(AnalysisJob.objects.filter(field__sample=sample).values_list("state", flat=True))
    if not states & {JobState.QUEUED, JobState.RUNNING}:
        move(sample, SampleState.TO_REVIEW if JobState.DONE in states else SampleState.FAILED, None)
        # A sample that gets more images later is analysed once more, at another revision.
        post(Event.ANALYSED, sample=sample, subject=f"{sample.pk}/{sample.revision}")


def read_again(actor: User, sample_id: UUID | None) -> None:
    """Take the sample of a field whose analysis is tried again back to analysing."""
    if sample_id is not None:
        sample = locked(actor, sample_id)
        if sample.state in TAKES_FIELDS and sample.state != SampleState.ANALYSING:
            move(sample, SampleState.ANALYSING, actor)
