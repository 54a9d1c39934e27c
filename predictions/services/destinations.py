"""Saying which programs are told what: destinations, their secrets, their tests, and sending again."""

from __future__ import annotations

import uuid
from dataclasses import dataclass
from typing import Final
from urllib.parse import urlsplit
from uuid import UUID

from django.db import IntegrityError, transaction
from django.db.models import Exists, OuterRef, QuerySet
from django.db.models.functions import Now
from django.utils.translation import gettext as _

from accounts.audit.record import JSON, record
from accounts.models import Site, User
from accounts.permissions import Capability, require
from accounts.seal import seal
from hematovision.core.origin import Origin
from hematovision.core.queue import DELIVER, ring_on_commit
from predictions.errors import DestinationRefused
from predictions.exchange.addresses import OutboundProblem, checked
from predictions.models import Delivery, Destination, Event
from predictions.services.outbox import TRYING

Kind = Destination.Kind
REPORTS: Final = (Event.SIGNED.value, Event.AMENDED.value)
EVENTS_OF: Final[dict[str, tuple[str, ...]]] = {
    Kind.FHIR: REPORTS,
    Kind.HL7: REPORTS,
    Kind.WEBHOOK: (*REPORTS, Event.ANALYSED.value, Event.PROMOTED.value),
}
# How an address begins -> the port where it names none; what ends in s is encrypted.
SCHEMES: Final[dict[str, dict[str, int]]] = {
    Kind.FHIR: {"https": 443, "http": 80},
    Kind.HL7: {"mllps": 2575, "mllp": 2575},
    Kind.WEBHOOK: {"https": 443, "http": 80},
}
LEAST_SECRET: Final = 16


@dataclass(frozen=True, slots=True)
class DestinationFacts:
    """What an admin says of a destination; an empty ``secret`` leaves the one that is there."""

    kind: str
    name: str
    address: str
    site: Site | None
    events: tuple[str, ...]
    secret: str = ""


def destination_add(*, actor: User, origin: Origin, facts: DestinationFacts) -> Destination:
    """Add a destination, which is told of what happens from now on.

    Raises:
        PermissionDenied: the actor's role may not manage the exchange.
        DestinationRefused: a fact is wrong, or the name is taken.
    """
    require(actor, Capability.MANAGE_EXCHANGE)
    made = Destination(kind=facts.kind, created_by=actor)
    return _save(made, facts, event="destination.added", actor=actor, origin=origin)


def destination_change(
    *, actor: User, origin: Origin, destination_id: UUID, facts: DestinationFacts
) -> Destination:
    """Change everything of a destination but its kind.

    Raises: as :func:`destination_add`; ``Destination.DoesNotExist`` where there is none;
        ``DestinationRefused`` also where the address is new and the secret was not typed again.
    """
    require(actor, Capability.MANAGE_EXCHANGE)
    with transaction.atomic():
        found = Destination.objects.select_for_update(no_key=True).get(pk=destination_id)
        if found.secret and not facts.secret and facts.address != found.address:
            text = _("Type the secret again: it is not sent to a new address by itself.")
            raise DestinationRefused("secret", text)
        return _save(found, facts, event="destination.changed", actor=actor, origin=origin)


@transaction.atomic
def destination_enable(*, actor: User, origin: Origin, destination_id: UUID) -> Destination:
    """Enable a destination; what happened meanwhile goes out now.

    Raises:
        PermissionDenied: the actor's role may not manage the exchange.
        Destination.DoesNotExist: there is none.
    """
    require(actor, Capability.MANAGE_EXCHANGE)
    found = Destination.objects.select_for_update(no_key=True).get(pk=destination_id)
    if not found.active:
        found.active, found.disabled_at, found.disabled_reason, found.failures = True, None, "", 0
        found.save(update_fields=["active", "disabled_at", "disabled_reason", "failures"])
        _again(Delivery.objects.filter(destination=found, state=Delivery.State.WAITING))
        ring_on_commit(DELIVER, str(found.pk))
        record("destination.enabled", actor=actor, subject=found, origin=origin)
    return found


@transaction.atomic
def destination_disable(*, actor: User, origin: Origin, destination_id: UUID) -> Destination:
    """Send a destination nothing until it is enabled again; what happens until then is kept for it.

    Raises: as :func:`destination_enable`.
    """
    require(actor, Capability.MANAGE_EXCHANGE)
    found = Destination.objects.select_for_update(no_key=True).get(pk=destination_id)
    if found.active:
        why = _("Disabled by %(name)s.") % {"name": actor.name}
        Destination.objects.filter(pk=found.pk).update(
            active=False, disabled_at=Now(), disabled_reason=why[:200]
        )
        record("destination.disabled", actor=actor, subject=found, origin=origin, detail={"reason": why})
    return found


@transaction.atomic
def destination_test(*, actor: User, origin: Origin, destination_id: UUID) -> Delivery:
    """Send a destination the event ``test``, once, even while it is disabled.

    Raises: as :func:`destination_enable`.
    """
    require(actor, Capability.MANAGE_EXCHANGE)
    found = Destination.objects.get(pk=destination_id)
    made = Delivery.objects.create(
        destination=found, event=Event.TEST, subject=str(uuid.uuid4()), give_up_at=Now() + TRYING
    )
    ring_on_commit(DELIVER, str(found.pk))
    record("destination.tested", actor=actor, subject=found, origin=origin)
    return made


@transaction.atomic
def deliveries_again(*, actor: User, origin: Origin, which: QuerySet[Delivery]) -> int:
    """Send what was given up of ``which`` again, and return how many deliveries that is.

    A version of a report that a later one has overtaken is left: it would undo the correction there.

    Raises:
        PermissionDenied: the actor's role may not manage the exchange.
    """
    require(actor, Capability.MANAGE_EXCHANGE)
    later = Delivery.objects.filter(
        destination=OuterRef("destination"),
        sample=OuterRef("sample"),
        report__isnull=False,
        pk__gt=OuterRef("pk"),
        state=Delivery.State.DELIVERED,
    )
    dead = which.filter(~(Exists(later)), state=Delivery.State.DEAD).exclude(event=Event.TEST).order_by()
    rows = list(dead.select_for_update(of=("self",), no_key=True).values_list("pk", "destination_id"))
    _again(Delivery.objects.filter(pk__in=[key for key, _destination in rows]))
    for destination in sorted({str(destination) for _key, destination in rows}):
        ring_on_commit(DELIVER, destination)
    if rows:
        numbers: list[JSON] = [key for key, _destination in rows]
        record("delivery.sent_again", actor=actor, origin=origin, detail={"deliveries": numbers})
    return len(rows)


@transaction.atomic
def destinations_reseal() -> int:
    """Seal every secret with the present key, so that earlier keys may be dropped; return how many.

    Raises:
        cryptography.fernet.InvalidToken: a key that sealed one is not in the settings; nothing was changed.
    """
    sealed = list(Destination.objects.select_for_update(no_key=True).exclude(secret=""))
    for one in sealed:
        one.secret = seal("destinations").rotate(one.secret.encode()).decode()
        one.save(update_fields=["secret"])
    record("destinations.resealed", actor=None, detail={"count": len(sealed)})
    return len(sealed)


def _again(which: QuerySet[Delivery]) -> None:
    which.update(state=Delivery.State.WAITING, attempts=0, next_at=Now(), give_up_at=Now() + TRYING)


def _save(
    destination: Destination, facts: DestinationFacts, *, event: str, actor: User, origin: Origin
) -> Destination:
    _check(destination, facts)
    destination.name, destination.address, destination.site = facts.name.strip(), facts.address, facts.site
    destination.events = sorted(facts.events)
    if facts.secret:
        destination.secret = seal("destinations").encrypt(facts.secret.encode()).decode()
    known = ["kind", "name", "address", "site", "events", "secret", "created_by"]
    try:
        with transaction.atomic():
            destination.save(update_fields=None if destination._state.adding else known)  # noqa: SLF001 -- Django's documented name
            detail: dict[str, JSON] = {"kind": destination.kind, "events": ", ".join(destination.events)}
            detail |= {"host": urlsplit(facts.address).hostname, "new_secret": bool(facts.secret)}
            record(event, actor=actor, subject=destination, origin=origin, detail=detail)
    except IntegrityError:
        raise DestinationRefused("name", _("Another destination has this name.")) from None
    return destination


def _check(destination: Destination, facts: DestinationFacts) -> None:
    """Refuse facts that do not make a destination.

    Raises:
        DestinationRefused: with the field and what is wrong with it.
    """
    unknown = set(facts.events) - set(EVENTS_OF[destination.kind])
    if unknown or not facts.events:
        raise DestinationRefused("events", _("Choose at least one event that this kind can be told of."))
    if facts.secret and destination.kind == Kind.HL7:
        raise DestinationRefused("secret", _("HL7 has no secret. Leave it empty."))
    if facts.secret and not (facts.secret.isascii() and facts.secret.isprintable()):
        raise DestinationRefused("secret", _("The secret may hold letters, digits and signs of ASCII only."))
    if (
        destination.kind == Kind.WEBHOOK
        and len(facts.secret) < LEAST_SECRET
        and not _keeps(destination, facts)
    ):
        text = _("A webhook is signed with its secret. Give one of at least %(n)d characters.")
        raise DestinationRefused("secret", text % {"n": LEAST_SECRET})
    _check_address(destination.kind, facts.address)


def _keeps(destination: Destination, facts: DestinationFacts) -> bool:
    return bool(destination.secret and not facts.secret)


def _check_address(kind: str, address: str) -> None:
    """Refuse an address that can never be called; whether anybody answers there, a test shows."""
    schemes = SCHEMES[kind]
    try:
        parts = urlsplit(address)
        host, port = parts.hostname, parts.port
    except ValueError:
        host, port, parts = None, None, urlsplit("")
    plain = address.isascii() and address.isprintable() and " " not in address
    if parts.scheme not in schemes or not host or not plain:
        text = _("The address does not begin with %(first)s:// and the name of a machine.")
        raise DestinationRefused("address", text % {"first": next(iter(schemes))})
    if parts.username or parts.password or parts.fragment:
        raise DestinationRefused("address", _("Give no name, password or # in the address."))
    try:
        checked(host, port or schemes[parts.scheme], encrypted=parts.scheme.endswith("s"))
    except OutboundProblem as problem:
        # A name that is not known at this moment may be so later.
        if problem.final:
            raise DestinationRefused("address", str(problem)) from problem
