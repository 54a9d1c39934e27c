"""What a receiver said to one try, in a form that does not depend on its language."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime
from typing import Final
from uuid import UUID

from predictions.exchange.signed import SignedReport

# Statuses of 400 and more that say "not now"; all others of them say "never like this".
NOT_NOW: Final = frozenset({408, 425, 429})


@dataclass(frozen=True, slots=True)
class Receiver:
    """Where a message goes: the destination's address as it was typed, and its secret, opened."""

    address: str
    secret: str


@dataclass(frozen=True, slots=True)
class Message:
    """One event as a transport is given it.

    ``key`` is the same over all tries, so that a receiver can tell a second copy; ``at`` is when it happened,
    ``facts`` are the names by which programs know what it happened to: ``sample``, ``report`` and its
    ``version``, or ``model`` and its ``version``. ``signed`` comes with the events of reports. The event
    ``test`` has neither; it asks only whether the receiver can be reached and believes who is calling.
    """

    key: UUID
    event: str
    at: datetime
    facts: Mapping[str, str | int] = field(default_factory=dict)
    signed: SignedReport | None = None


@dataclass(frozen=True, slots=True)
class Answer:
    """Whether the receiver took it; if not, whether trying again is ``final``-ly of no use; its words.

    ``gone`` says that the receiver will never listen again, so that nothing more is to be sent to it.
    """

    accepted: bool
    final: bool
    text: str
    gone: bool = False


def of_status(status: int, words: str = "") -> Answer:
    """Judge an HTTP status: 2xx is taken, 5xx and "not now" may be tried again, all else is refused."""
    text = f"HTTP {status} {words}".strip()
    if 200 <= status < 300:
        return Answer(accepted=True, final=True, text=text)
    return Answer(accepted=False, final=status < 500 and status not in NOT_NOW, text=text)
