"""An order as a program placed it, whatever it was read from."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Final

NUMBER: Final = "ServiceRequest.identifier"
# Where in the order each fact of the sample or number of the order stands, as FHIRPath.
PLACES: Final = {
    "accession": "ServiceRequest.specimen",
    "patient_reference": "ServiceRequest.subject",
    "patient_value": "ServiceRequest.subject",
    "patient_system": "ServiceRequest.subject",
    "wbc": "ServiceRequest.supportingInfo",
    "requester": "ServiceRequest.requester",
    "system": NUMBER,
    "value": NUMBER,
}


@dataclass(frozen=True, slots=True)
class PlacedOrder:
    """Its number ``value`` of ``system``, whose number the patient's is, and the facts of the sample."""

    system: str
    value: str
    patient_system: str
    facts: Mapping[str, Any]
