"""Taking an order of another program: a sample in ``receiving`` that waits for its images."""

from __future__ import annotations

from typing import Any, Final

from django.core.exceptions import ValidationError
from django.db import IntegrityError, transaction
from django.utils.translation import gettext as _

from accounts.audit.record import record
from accounts.models import User
from accounts.permissions import Capability, require
from hematovision.core.origin import Origin
from predictions.errors import OrderRefused, OrderTaken
from predictions.exchange.placed import NUMBER, PLACES, PlacedOrder
from predictions.models import Order, Sample
from predictions.selectors import visible_samples
from predictions.services.samples import registered

ACCESSION: Final = PLACES["accession"]


def order_place(*, actor: User, origin: Origin, placed: PlacedOrder) -> Order:
    """Register the sample that was ordered.

    Raises:
        PermissionDenied: the actor's role may not register samples.
        OrderTaken: the same order was placed before, or the accession number is another sample's.
        OrderRefused: a value cannot be kept, for example since it is too long.
    """
    require(actor, Capability.REGISTER_SAMPLES)
    _refuse_taken(actor, placed)
    try:
        with transaction.atomic():
            sample = registered(actor, placed.facts)
            order = _kept(actor, sample, placed)
            record("sample.created", actor=actor, subject=sample, origin=origin)
            record("order.placed", actor=actor, subject=sample, origin=origin)
    except ValidationError as problem:
        # Somebody may have been first after the look above.
        _refuse_taken(actor, placed)
        raise OrderRefused(_issues(problem)) from problem
    except IntegrityError:
        _refuse_taken(actor, placed)
        raise
    return order


def _kept(actor: User, sample: Sample, placed: PlacedOrder) -> Order:
    order = Order(
        sample=sample,
        system=placed.system,
        value=placed.value,
        patient_system=placed.patient_system,
        patient_value=sample.patient_reference,
        placed_by=actor,
    )
    order.full_clean()
    order.save(force_insert=True)
    return order


def _refuse_taken(actor: User, placed: PlacedOrder) -> None:
    """Say which of the two numbers is taken; the sample is told to those who may see it."""
    before = Order.objects.filter(system=placed.system, value=placed.value).first()
    if before is not None:
        text = _("This order was placed before. Nothing was registered again.")
        raise OrderTaken("order_taken", text, NUMBER, _told(actor, before.sample_id))
    accession = placed.facts["accession"]
    taken = Sample.objects.filter(accession=accession).values_list("pk", flat=True).first()
    if taken is not None:
        text = _("Another sample has this accession number. Nothing was registered.")
        raise OrderTaken("accession_taken", text, ACCESSION, _told(actor, taken))


def _told(actor: User, sample_id: Any) -> Any:
    return visible_samples(actor).filter(pk=sample_id).values_list("pk", flat=True).first()


def _issues(problem: ValidationError) -> list[tuple[str, str]]:
    """Say of every value that cannot be kept where in the order it stands."""
    return [
        (PLACES.get(name, "ServiceRequest"), sentence)
        for name, sentences in problem.message_dict.items()
        for sentence in sentences
    ]
