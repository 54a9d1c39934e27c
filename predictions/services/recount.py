"""Keeping tallies and flags of samples as they are, in the transaction of whatever changes them.

Whoever changes one sample holds a lock together with others, ``together``; whoever changes what samples are
judged by holds it ``alone``. So no sample is counted by a catalogue that is just being replaced.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Final
from uuid import UUID

from django.db import connection

from predictions.models import Cell, CellType, Sample, SampleTally
from predictions.selectors import differential, flags_of, poor_images, rules, stored_tallies, tallied
from predictions.selectors.worklist import OPEN

AT_ONCE: Final = 500
# Any number that nothing else in the database locks by.
_LOCK: Final = 5_318_008_217


def together() -> None:
    """Let nobody change the catalogue, the rules or a sample's patient until the transaction ends.

    It comes before the lock on a sample's row, never after it.
    """
    _locked("pg_advisory_xact_lock_shared")


def alone() -> None:
    """Let nobody change a sample until the transaction ends; it comes before every other lock."""
    _locked("pg_advisory_xact_lock")


def recount(sample: Sample) -> None:
    """Store what a locked sample's cells are called now, and judge it anew."""
    _store([sample.pk])
    judge_anew([sample])


def judge_anew(samples: Sequence[Sample]) -> None:
    """Store the flags of samples whose tallies are right."""
    types, in_force = list(CellType.objects.all()), rules()
    keys = [sample.pk for sample in samples]
    counted, poor = stored_tallies(keys), poor_images(keys)
    for sample in samples:
        found = differential(sample, counted[sample.pk], types, in_force)
        flags = flags_of(sample, found, types, in_force, poor=sample.pk in poor)
        if flags != sample.flags:
            sample.flags = flags
            sample.save(update_fields=["flags"])


def judge_patient(sample: Sample) -> None:
    """Judge the patient's later open samples anew: the one that they are held against has changed."""
    if sample.patient_reference:
        later = Sample.objects.filter(
            site_id=sample.site_id,
            patient_reference=sample.patient_reference,
            received_at__gt=sample.received_at,
            state__in=OPEN,
        )
        # In the order of receipt, as whoever signs the next of them does: no two wait for each other.
        judge_anew(list(later.order_by("received_at", "id").select_for_update(of=("self",), no_key=True)))


def judge_open() -> None:
    """Judge every open sample anew, after :func:`alone`: what all are held against has changed."""
    found = list(Sample.objects.filter(state__in=OPEN))
    for at in range(0, len(found), AT_ONCE):
        judge_anew(found[at : at + AT_ONCE])


def recount_named(code: str) -> None:
    """Count every sample anew in which a model has called a cell ``code``, after :func:`alone`."""
    named = Cell.objects.filter(label=code, abstained=False).values("analysis__field__sample")
    samples = list(Sample.objects.filter(pk__in=named).values_list("pk", flat=True))
    for at in range(0, len(samples), AT_ONCE):
        _store(samples[at : at + AT_ONCE])


def _store(samples: Sequence[UUID]) -> None:
    """Bring the stored tallies of samples to what is counted now; rows that are right stay untouched."""
    before, now = stored_tallies(samples), tallied(samples)
    for sample in samples:
        gone = before[sample].keys() - now[sample].keys()
        if gone:
            SampleTally.objects.filter(sample=sample, code__in=gone).delete()
    SampleTally.objects.bulk_create(
        [
            SampleTally(sample_id=sample, code=code, number=number)
            for sample in samples
            for code, number in now[sample].items()
            if before[sample].get(code) != number
        ],
        update_conflicts=True,
        unique_fields=["sample", "code"],
        update_fields=["number"],
    )


def _locked(function: str) -> None:
    with connection.cursor() as cursor:
        cursor.execute(f"SELECT {function}(%s)", [_LOCK])
