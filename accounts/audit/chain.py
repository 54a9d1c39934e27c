"""Verifying the log: every event's hash again, and that none is missing.

The hash of an event is the SHA-256, in hexadecimal, of the previous event's hash (64 zeros before the first)
followed by the event's columns, each as its length in bytes, a colon and its text in UTF-8. The database
writes it (migration ``0002``); this module computes it anew without the database's own function, so that an
altered function shows too. A chain cannot show that its end was cut off together with the head's row:
exported heads do (:mod:`accounts.audit.heads`).
"""

from __future__ import annotations

import hashlib
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any, Final

from django.db import connection, transaction
from django.utils.translation import gettext as _

BEGINNING: Final = "0" * 64
AT_ONCE: Final = 5_000
# More faults than these tell nobody anything new.
MOST_FAULTS: Final = 20
COLUMNS: Final = """
    e.id::text, to_char(e.at AT TIME ZONE 'UTC', 'YYYY-MM-DD"T"HH24:MI:SS.US'), e.event,
    coalesce(e.actor_id::text, ''), e.actor_email, e.actor_role, e.subject_type, e.subject_id,
    coalesce(e.site_id::text, ''), e.address, e.agent, e.outcome, e.detail::text
"""
Row = tuple[Any, ...]


@dataclass(frozen=True, slots=True)
class Verdict:
    """What verifying found: how many events there are, the last one's number and hash, and what is wrong."""

    events: int
    last: int
    hash: str
    faults: tuple[str, ...]

    @property
    def whole(self) -> bool:
        """Whether nothing is wrong."""
        return not self.faults


def chained(before: str, columns: Row) -> str:
    """Return the hash of an event with these columns after the hash ``before``."""
    said = "".join(f"{len(value.encode())}:{value}" for value in columns)
    return hashlib.sha256((before + said).encode()).hexdigest()


def verify(known: Mapping[int, str] | None = None) -> Verdict:
    """Check the whole log as it stands at one moment.

    Args:
        known: numbers and hashes of events that were seen earlier, as exported heads hold them.
    """
    check = _Check(dict(known or {}))
    for row in _rows():
        check.event(row)
    return check.verdict()


def _rows() -> Iterator[Row]:
    """Yield number and hash of the head, hash and columns of every event; one statement sees one moment."""
    with transaction.atomic(), connection.chunked_cursor() as cursor:
        cursor.execute(
            f"SELECT h.last::text, h.hash, e.hash, {COLUMNS}"  # noqa: S608 -- constants
            " FROM audit_chainhead h LEFT JOIN audit_auditevent e ON true ORDER BY e.id"
        )
        while rows := cursor.fetchmany(AT_ONCE):
            yield from rows


class _Check:
    """Goes along the chain and notes what does not fit."""

    def __init__(self, known: dict[int, str]) -> None:
        self.known = known
        self.events, self.last, self.hash = 0, 0, BEGINNING
        self.head: tuple[int, str] | None = None
        self.faults: list[str] = []

    def event(self, row: Row) -> None:
        """Take the next row of :func:`_rows`; a log without events gives one row without columns."""
        end, end_hash, written, *columns = row
        self.head = int(end), end_hash
        if written is None:
            return
        number = int(columns[0])
        if number > self.last + 1:
            self._fault(_missing(self.last + 1, number - 1))
        elif chained(self.hash, tuple(columns)) != written:
            told = _("Event %(n)d was changed, put in, or does not follow the one before it.")
            self._fault(told % {"n": number})
        if self.known.pop(number, written) != written:
            self._fault(_("Event %(n)d is not the one that was exported earlier.") % {"n": number})
        self.events, self.last, self.hash = self.events + 1, number, written

    def verdict(self) -> Verdict:
        """Compare the end with the head and with what was known, and say what was found."""
        if self.head is None:
            self._fault(_("The head of the chain is gone."))
        elif self.last < self.head[0]:
            self._fault(_missing(self.last + 1, self.head[0]))
        elif (self.last, self.hash) != self.head:
            self._fault(
                _("The log does not end where the head of the chain says: at event %(n)d.")
                % {"n": self.head[0]}
            )
        for number in sorted(self.known):
            self._fault(_("Event %(n)d, which was exported earlier, is missing.") % {"n": number})
        return Verdict(self.events, self.last, self.hash, tuple(self.faults[:MOST_FAULTS]))

    def _fault(self, sentence: str) -> None:
        self.faults.append(sentence)


def _missing(first: int, last: int) -> str:
    if first == last:
        return _("Event %(n)d is missing.") % {"n": first}
    return _("Events %(first)d to %(last)d are missing.") % {"first": first, "last": last}
