"""Sending what was posted: one destination at a time by one courier, in order, until taken or given up.

Whoever sends holds the destination (:mod:`predictions.services.holding`); nothing is locked while a receiver
is called. All times are the database's.
"""

from __future__ import annotations

import logging
import time
from collections.abc import Callable
from typing import Final, TypeAlias
from uuid import UUID

from django.db import transaction
from django.db.models import Q
from django.db.models.functions import Now
from django.utils.translation import gettext as _

from accounts.audit.models import Outcome
from accounts.audit.record import record
from accounts.seal import seal
from hematovision.core.queue import DELIVER, ring
from mlcore.registry.models import Promotion
from predictions.exchange import fhir_push, mllp, webhook
from predictions.exchange.addresses import OutboundProblem
from predictions.exchange.answer import Answer, Message, Receiver
from predictions.models import Delivery, Destination, Event
from predictions.selectors.signed import signed_report
from predictions.services.holding import Lease, claim, due, pause, renewed

logger = logging.getLogger(__name__)

Transport: TypeAlias = Callable[[Receiver, Message], Answer]
# How each kind of destination is spoken to. A transport may raise OutboundProblem.
TRANSPORTS: Final[dict[str, Transport]] = {
    Destination.Kind.FHIR: fhir_push.push,
    Destination.Kind.HL7: mllp.push,
    Destination.Kind.WEBHOOK: webhook.push,
}

# One bell is answered for no longer than this; then others have their turn.
ROUND_SECONDS: Final = 60.0
# A webhook that fails so often in a row is disabled: nobody seems to listen any more.
FAILURES_OF_A_WEBHOOK: Final = 20


def deliver(destination_id: UUID) -> int:
    """Send what is due for a destination, and return how much of it was delivered.

    It ends when nothing is due, another courier is at it, or a receiver that cannot take it now has shown
    that it is of no use to go on.
    """
    delivered, end = 0, time.monotonic() + ROUND_SECONDS
    while lease := claim(destination_id):
        with renewed(lease):
            answer = send(lease.delivery)
        if not store(lease, answer):
            break
        delivered += answer.accepted
        if not answer.accepted and not answer.final:
            break
        if time.monotonic() > end:
            ring(DELIVER, str(destination_id))
            break
    return delivered


def send(delivery: Delivery) -> Answer:
    """Make the message and hand it to the receiver; whatever goes wrong becomes an answer."""
    destination = delivery.destination
    try:
        secret = seal("destinations").decrypt(destination.secret).decode() if destination.secret else ""
        transport = TRANSPORTS[destination.kind]
        return transport(Receiver(destination.address, secret), message_of(delivery))
    except OutboundProblem as problem:
        return Answer(accepted=False, final=problem.final, text=str(problem))
    except Exception as error:  # noqa: BLE001 -- anything may be wrong with what is made or how it is sent
        # A mistake in one message must not stop those behind it; its text could hold what was to be sent.
        logger.error("Delivery %s could not be made: %s", delivery.key, type(error).__name__)  # noqa: TRY400 -- as above
        said = _("The message could not be made (%(error)s).") % {"error": type(error).__name__}
        return Answer(accepted=False, final=False, text=said)


def message_of(delivery: Delivery) -> Message:
    """Return the event as transports are given it."""
    facts: dict[str, str | int] = {}
    signed = None
    if delivery.sample_id is not None:
        facts["sample"] = str(delivery.sample_id)
    if delivery.report is not None:
        signed = signed_report(delivery.report)
        facts |= {"report": str(signed.report_id), "version": signed.version}
    elif delivery.event == Event.PROMOTED:
        version = Promotion.objects.select_related("version").get(pk=delivery.subject).version
        facts = {"model": str(version.pk), "version": version.version}
    return Message(delivery.key, delivery.event, delivery.created_at, facts, signed)


def store(lease: Lease, answer: Answer) -> bool:
    """Keep what came of a try; False when another courier has taken the destination over meanwhile."""
    delivery = lease.delivery
    with transaction.atomic():
        held = Destination.objects.select_for_update(no_key=True)
        destination = held.filter(pk=delivery.destination_id, fence=lease.fence).first()
        if destination is None:
            return False
        destination.leased_until = None
        back = answer.accepted and destination.failures > 0
        if delivery.event != Event.TEST:
            destination.failures = 0 if answer.accepted else destination.failures + 1
        destination.save(update_fields=["leased_until", "failures"])
        changes: dict[str, object] = {"last_answer": answer.text[:500]}
        if answer.accepted:
            changes |= {"state": Delivery.State.DELIVERED, "delivered_at": Now()}
        elif answer.final or lease.last:
            changes["state"] = Delivery.State.DEAD
        else:
            changes["next_at"] = Now() + pause(delivery.attempts)
        Delivery.objects.filter(pk=delivery.pk).update(**changes)
        if back:
            # The receiver is there again: what waits for a later try need not wait any longer.
            waiting = Delivery.objects.filter(destination=destination, state=Delivery.State.WAITING)
            waiting.update(next_at=Now())
        _disable_if_hopeless(destination, gone=answer.gone)
        _log(delivery, changes.get("state"))
    return True


def _disable_if_hopeless(destination: Destination, *, gone: bool) -> None:
    hopeless = destination.kind == Destination.Kind.WEBHOOK and destination.failures >= FAILURES_OF_A_WEBHOOK
    if not ((hopeless or gone) and destination.active):
        return
    why = _("It failed %(n)d times in a row.") % {"n": destination.failures}
    if gone:
        why = _("It answered that nobody will listen there again (HTTP 410).")
    same = Destination.objects.filter(pk=destination.pk)
    same.update(active=False, disabled_at=Now(), disabled_reason=why)
    record("destination.disabled", actor=None, subject=destination, detail={"reason": why})


def _log(delivery: Delivery, state: object) -> None:
    """Log that something of a patient has left the house, or that it was given up; not every try."""
    if state is None:
        return
    outcome = Outcome.OK if state == Delivery.State.DELIVERED else Outcome.FAILED
    event = "delivery.made" if state == Delivery.State.DELIVERED else "delivery.given_up"
    detail = {"event": delivery.event, "destination": str(delivery.destination_id)}
    record(event, actor=None, subject=delivery, outcome=outcome, detail=detail)


def sweep() -> int:
    """Ring for every destination that something is due for and nobody works for; return how many."""
    waiting = Delivery.objects.filter(state=Delivery.State.WAITING, next_at__lte=Now())
    idle = Q(destination__leased_until=None) | Q(destination__leased_until__lt=Now())
    found = waiting.filter(idle).order_by().values_list("destination_id", flat=True).distinct()
    return sum(ring(DELIVER, str(key)) for key in found if due(key).exists())
