"""The names by which a FHIR server knows what a report speaks of, and the systems that codes come from."""

from __future__ import annotations

import uuid
from decimal import ROUND_HALF_UP, Decimal
from typing import Any, Final

from predictions.exchange.signed import SignedReport

LOINC: Final = "http://loinc.org"
UNITS: Final = "http://unitsofmeasure.org"
V2: Final = "http://terminology.hl7.org/CodeSystem/v2-"
V3: Final = "http://terminology.hl7.org/CodeSystem/v3-"

# Codes of what is no class of the laboratory's catalogue.
PANEL: Final = "69738-3"
CELLS_COUNTED: Final = "11282-1"
WBC: Final = "6690-2"
CORRECTED_WBC: Final = "12227-5"

Resource = dict[str, Any]


def key(owner: uuid.UUID, name: str) -> str:
    """Return the id of what ``owner`` (a sample, report or site) has under ``name``; always the same one."""
    return str(uuid.uuid5(owner, f"fhir/{name}"))


def system(signed: SignedReport, name: str) -> str:
    """Return the URI of the site's own numbers of one kind, such as its accession numbers.

    The laboratory has no web address that stays for ever, so the URI is made of the site's key.
    """
    return f"urn:uuid:{key(signed.site_id, f'system/{name}')}"


def reference(name: str) -> Resource:
    """Return a reference to the resource with the id ``name`` in the same Bundle."""
    return {"reference": f"urn:uuid:{name}"}


def logical(kind: str, owner: str, value: str, display: str = "") -> Resource:
    """Return a reference to what another system holds, by its number alone."""
    found = {"type": kind, "identifier": {"system": owner, "value": value}}
    return {**found, "display": display} if display else found


def concept(text: str, *codings: tuple[str, str]) -> Resource:
    """Return a code: ``codings`` are pairs of system and code, of which those without a code are left out."""
    found = [{"system": of, "code": code} for of, code in codings if code]
    return said({"coding": found, "text": text})


def rounded(value: float, places: int) -> float:
    """Return ``value`` as the report prints it, a half away from zero."""
    return float(Decimal(repr(value)).quantize(Decimal(1).scaleb(-places), ROUND_HALF_UP))


def quantity(value: float, unit: str, code: str) -> Resource:
    """Return a value with its unit as people read it and as UCUM writes it."""
    return {"value": value, "unit": unit, "system": UNITS, "code": code}


def said(parts: Resource) -> Resource:
    """Return ``parts`` without what is empty, which FHIR does not allow."""
    return {name: value for name, value in parts.items() if value not in (None, "", [], {})}


def status(signed: SignedReport) -> str:
    """Return what this version is to whoever has an earlier one."""
    return "amended" if signed.amended else "final"


def patient(signed: SignedReport) -> Resource | None:
    """Return the reference to the patient by the laboratory's or the requester's number, if there is one."""
    number = signed.content.specimen.patient_reference
    of = signed.patient_system or system(signed, "patient")
    return logical("Patient", of, number) if number else None


def laboratory(signed: SignedReport) -> Resource:
    """Return the reference to the site that reports."""
    name = signed.content.specimen.site or signed.content.laboratory.name
    return logical("Organization", system(signed, "site"), str(signed.site_id), name)


def signer(signed: SignedReport) -> Resource:
    """Return the reference to who signed."""
    return logical("Practitioner", system(signed, "person"), str(signed.signed_by), signed.signer)
