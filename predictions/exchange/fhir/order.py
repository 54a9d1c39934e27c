"""Reading a ServiceRequest: what it orders, for which specimen and patient, and everything wrong with it."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import date, datetime, timedelta
from decimal import Decimal
from typing import Any, Final

from django.utils.translation import gettext as _
from fhir.resources.R4B.servicerequest import ServiceRequest
from pydantic import ValidationError

from predictions.differential.age import age_between
from predictions.errors import OrderRefused
from predictions.exchange.fhir.names import LOINC, PANEL, UNITS, V2, WBC
from predictions.exchange.placed import NUMBER, PLACES, PlacedOrder

# The ways of ordering among the intents; the others are plans and proposals.
ORDERS: Final = frozenset({"order", "original-order", "reflex-order", "filler-order", "instance-order"})
# In both units the number is the same.
WBC_UNITS: Final = frozenset({"10*9/L", "10*3/uL"})
SEXES: Final = frozenset({"female", "male"})
REQUESTER_LENGTH: Final = 80
FIRST_YEAR: Final = 1900
# By how much another computer's clock may be ahead.
CLOCKS_DIFFER: Final = timedelta(minutes=10)
# In 10^9 cells a litre; the portal keeps no higher one.
HIGHEST_COUNT: Final = 10**5


def order_of(body: object, *, now: datetime) -> PlacedOrder:
    """Return what ``body``, the JSON of a ServiceRequest, orders; ``now`` is when it came.

    Names, addresses and the day of birth are not taken over: of the patient the number, the sex and the age
    at collection (or at ``now``, where that is not told) are kept.

    Raises:
        OrderRefused: it is no ServiceRequest of R4, or something in it is missing or not understood.
    """
    reading = _Reading(_checked(body))
    placed = reading.order(now)
    if reading.issues:
        raise OrderRefused(reading.issues)
    return placed


def _checked(body: object) -> ServiceRequest:
    if not isinstance(body, dict) or body.get("resourceType") != "ServiceRequest":
        raise OrderRefused([("ServiceRequest", _("Send one ServiceRequest of FHIR R4 as JSON."))])
    text = _("FHIR has nothing empty: leave out what there is not.")
    if empty := [(place, text) for place in _empty(body, "ServiceRequest")]:
        raise OrderRefused(empty)
    try:
        return ServiceRequest.model_validate(body)
    except ValidationError as problem:
        raise OrderRefused([(_place(one["loc"]), one["msg"]) for one in problem.errors()]) from None
    except (LookupError, AttributeError, TypeError, RecursionError):
        # The models answer so to a contained resource of a type that R4 has not.
        text = _("It contains something that is no resource of FHIR R4.")
        raise OrderRefused([("ServiceRequest.contained", text)]) from None


class _Reading:
    """One order being read; everything that is wrong is gathered, so that it is told at once."""

    def __init__(self, request: ServiceRequest) -> None:
        self.request = request
        self.issues: list[tuple[str, str]] = []
        self.inside = {f"#{one.id}": one for one in request.contained or [] if one.id}

    def wrong(self, place: str, sentence: str) -> None:
        self.issues.append((place, sentence))

    def order(self, now: datetime) -> PlacedOrder:
        self._meant()
        system, value = self._number()
        specimen = self._contained(self.request.specimen, "Specimen")
        collected = self._collected(specimen, now)
        patient_system, patient = self._patient()
        facts = {
            "accession": self._accession(specimen, value),
            "patient_reference": patient,
            **self._person(collected or now),
            "wbc": self._white_cells(),
            "collected_at": collected,
            "received_at": now,
            "requester": self._requester(),
        }
        return PlacedOrder(system, value, patient_system, facts)

    def _meant(self) -> None:
        """Refuse what is no order for a differential, or says something that this program does not know."""
        if self.request.status != "active":
            self.wrong("ServiceRequest.status", _("Only an active order is taken."))
        if self.request.intent not in ORDERS:
            self.wrong("ServiceRequest.intent", _("This is a plan or a proposal, not an order."))
        if self.request.doNotPerform:
            self.wrong("ServiceRequest.doNotPerform", _("The order says not to perform it."))
        if self.request.modifierExtension or self.request.implicitRules:
            text = _("It has a modifier that is not known here, so its meaning is not sure.")
            self.wrong("ServiceRequest.modifierExtension", text)
        if not _is_coded(self.request.code, PANEL):
            text = _("Only differential counts are taken: LOINC %(code)s.") % {"code": PANEL}
            self.wrong("ServiceRequest.code", text)

    def _number(self) -> tuple[str, str]:
        """Return the placer's number if one says so, else the first that is whole."""
        whole = [one for one in self.request.identifier or [] if _text(one.system) and _text(one.value)]
        placer = [one for one in whole if _is_coded(one.type, "PLAC", f"{V2}0203")]
        for one in placer or whole:
            return _text(one.system), _text(one.value)
        self.wrong(NUMBER, _("The order needs a number: an identifier with system and value."))
        return "", ""

    def _patient(self) -> tuple[str, str]:
        """Return the patient's number and whose it is, from the reference or from the contained Patient."""
        subject = self.request.subject
        found = self._contained([subject], "Patient")
        for one in [subject.identifier, *((found.identifier or []) if found else [])]:
            if one is not None and _text(one.value):
                return _text(one.system), _text(one.value)
        text = _("The patient needs a number: subject.identifier or a contained Patient with one.")
        self.wrong(PLACES["patient_reference"], text)
        return "", ""

    def _person(self, on: datetime) -> dict[str, Any]:
        """Return sex and age at collection, as far as a contained Patient tells them."""
        patient = self._contained([self.request.subject], "Patient")
        born = patient.birthDate if patient else None
        facts: dict[str, Any] = {}
        if patient is not None and patient.gender in SEXES:
            facts["sex"] = str(patient.gender)
        # A year alone gives no age that ranges could be chosen by.
        if isinstance(born, date):
            try:
                age = age_between(born, on.date())
            except ValueError:
                text = _("The patient was born after the specimen was collected.")
                self.wrong("ServiceRequest.contained.birthDate", text)
            else:
                facts |= {"age_value": age.value, "age_unit": age.unit.value}
        return facts

    def _accession(self, specimen: Any, order: str) -> str:
        """Return the specimen's number as the laboratory writes it; the order's own where there is none."""
        told = specimen.accessionIdentifier if specimen else None
        logical = [one.identifier for one in self.request.specimen or [] if one.identifier]
        typed = [one for one in self.request.identifier or [] if _is_coded(one.type, "ACSN", f"{V2}0203")]
        for one in [told, *logical, *typed]:
            if one is not None and _text(one.value):
                return _text(one.value).upper()
        return order.upper()

    def _collected(self, specimen: Any, now: datetime) -> datetime | None:
        collection = specimen.collection if specimen else None
        at = collection.collectedDateTime if collection else None
        if at is None:
            return None
        if not isinstance(at, datetime) or at.utcoffset() is None:
            text = _("The time of collection needs an hour and an offset, such as 2026-11-21T09:12:00+01:00.")
            self.wrong("ServiceRequest.contained.collection", text)
            return None
        if at.year < FIRST_YEAR or at > now + CLOCKS_DIFFER:
            self.wrong("ServiceRequest.contained.collection", _("The time of collection cannot be right."))
            return None
        return at

    def _white_cells(self) -> Decimal | None:
        """Return the analyser's count in 10^9 cells a litre, None where the order tells none."""
        told = [self._contained([one], "Observation") for one in self.request.supportingInfo or []]
        found = {one.id: one for one in told if one is not None and _is_coded(one.code, WBC)}
        counts = [*found.values()]
        if not counts:
            return None
        value = counts[0].valueQuantity
        known = value is not None and value.system == UNITS and value.code in WBC_UNITS
        if len(counts) > 1 or not known or value.comparator or not _is_count(value.value):
            text = _("The white cells need one plain number in UCUM 10*9/L or 10*3/uL.")
            self.wrong(PLACES["wbc"], text)
            return None
        if counts[0].status not in {"final", "amended", "corrected", "preliminary"}:
            self.wrong(PLACES["wbc"], _("The count of white cells is no result that holds."))
        return Decimal(value.value).quantize(Decimal("0.01"))

    def _requester(self) -> str:
        display = self.request.requester.display if self.request.requester else None
        return _text(display)[:REQUESTER_LENGTH]

    def _contained(self, references: list[Any] | None, kind: str) -> Any:
        """Return the first resource of a kind that the order carries and refers to."""
        for one in references or []:
            found = self.inside.get(str(one.reference or ""))
            if found is not None and found.get_resource_type() == kind:
                return found
        return None


def _is_coded(concept: Any, code: str, system: str = LOINC) -> bool:
    codings = (concept.coding or []) if concept else []
    return any(one.system == system and one.code == code for one in codings)


def _text(value: Any) -> str:
    return str(value or "").strip()


def _is_count(value: Any) -> bool:
    return value is not None and 0 <= value < HIGHEST_COUNT


def _empty(told: object, place: str) -> Iterator[str]:
    """Tell where nothing stands, or only spaces, which the models take for left out."""
    if told in (None, [], {}) or (isinstance(told, str) and not told.strip()):
        yield place
    elif isinstance(told, dict):
        for name, value in told.items():
            yield from _empty(value, f"{place}.{name}")
    elif isinstance(told, list):
        for number, value in enumerate(told):
            yield from _empty(value, f"{place}[{number}]")


def _place(path: tuple[int | str, ...]) -> str:
    """Return where in the order something is, as FHIRPath writes it."""
    steps = (f"[{step}]" if isinstance(step, int) else f".{step}" for step in path)
    return "ServiceRequest" + "".join(steps)
