"""Keeping the keys of requests that create, so that one sent again does nothing again."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import timedelta
from typing import Final
from uuid import UUID

from django.db.models.functions import Now
from django.utils.translation import gettext as _

from accounts.models import User
from predictions.errors import AnsweredBefore, KeyReused
from predictions.models import IdempotencyKey, SmearField

KEPT: Final = timedelta(hours=24)


@dataclass(frozen=True, slots=True)
class Asked:
    """Who sends a request, under which key, and the keyed hash of what it asks for."""

    person: User
    key: str
    fingerprint: str


def key_found(asked: Asked) -> IdempotencyKey | None:
    """Return the row of an earlier request with this key that has been answered.

    Raises:
        KeyReused: the earlier request asked for something else.
    """
    row = IdempotencyKey.objects.filter(person=asked.person, key=asked.key).first()
    if row is not None:
        _must_be_the_same(row, asked)
    return row


def key_taken(asked: Asked) -> tuple[IdempotencyKey, bool]:
    """Return the row of the key and whether it is new; waits for a parallel request with the same key.

    Called within the transaction of the work, before it: if that fails, the row goes with it.

    Raises:
        KeyReused: an earlier request asked for something else.
    """
    row, new = IdempotencyKey.objects.get_or_create(
        person=asked.person, key=asked.key, defaults={"asked": asked.fingerprint}
    )
    _must_be_the_same(row, asked)
    return row, new


def key_answered(
    row: IdempotencyKey, *, status: int, answer: str, location: str = "", sample_id: UUID | None = None
) -> None:
    """Keep the answer; ``sample_id`` is the sample that it tells of, if of any."""
    row.status, row.answer, row.location, row.sample_id = status, answer, location, sample_id
    row.save(update_fields=["status", "answer", "location", "sample_id"])


def key_of_upload(asked: Asked, field: SmearField) -> None:
    """Keep which field an upload has become, within its transaction.

    Raises:
        AnsweredBefore: a parallel request with this key was first; everything of this one is to be undone.
        KeyReused: as :func:`key_taken`.
    """
    row, new = key_taken(asked)
    if not new:
        raise AnsweredBefore(_("The same request came twice at once; the other was first."))
    row.made, row.sample_id = str(field.pk), field.sample_id
    row.save(update_fields=["made", "sample_id"])


def keys_expire() -> int:
    """Forget the keys that are older than a day; return how many."""
    return IdempotencyKey.objects.filter(created_at__lt=Now() - KEPT).delete()[0]


def _must_be_the_same(row: IdempotencyKey, asked: Asked) -> None:
    if row.asked != asked.fingerprint:
        text = _("This idempotency key was used for another request. Nothing was stored; choose a new key.")
        raise KeyReused(text)
