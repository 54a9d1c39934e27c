"""A signed report as a Bundle of FHIR R4, which says the same in every exchange of the same version.

Ids are made of the sample's key and stay over all its versions: a server that is told an amended version
updates what it has. Bundles are checked with the models of R4B; R4B differs from R4 only in other resources
than those used here (evidence, medicines, subscriptions and the like).
"""

from __future__ import annotations

from typing import Literal

from django.utils.translation import override
from fhir.resources.R4B.bundle import Bundle

from predictions.exchange.fhir import parts
from predictions.exchange.fhir.names import Resource
from predictions.exchange.fhir.observations import observations, withdrawn
from predictions.exchange.signed import SignedReport

__all__ = ["bundle"]


def bundle(signed: SignedReport, *, kind: Literal["collection", "transaction"]) -> Resource:
    """Return the Bundle of a signed version, as JSON holds it.

    A ``collection`` is for whoever asks for this version. A ``transaction`` is for a server: it puts every
    resource at its own id, so that sending it twice changes nothing, and values that an earlier version had
    and this one has not become ``entered-in-error``.

    Raises:
        ValueError: a transaction of a version that a later one has replaced would undo that one.
    """
    if kind == "transaction" and signed.superseded:
        raise ValueError("A later version of the report exists; that one is to be sent.")
    with override(signed.content.language):
        resources = _resources(signed)
    found: Resource = {
        "resourceType": "Bundle",
        "id": str(signed.report_id),
        "identifier": {"system": "urn:ietf:rfc:3986", "value": f"urn:uuid:{signed.report_id}"},
        "type": kind,
        "timestamp": signed.signed_at.isoformat(timespec="milliseconds"),
        "entry": [_entry(resource, kind) for resource in resources],
    }
    Bundle.model_validate(found)
    return found


def _resources(signed: SignedReport) -> list[Resource]:
    values, gone = observations(signed, signed.content), withdrawn(signed)
    report = parts.diagnostic_report(signed, [*values])
    model = parts.device(signed)
    told = [report["id"], *values, *gone]
    return [
        report,
        *values.values(),
        *gone.values(),
        parts.specimen(signed),
        *([model] if model else []),
        parts.provenance(signed, told),
    ]


def _entry(resource: Resource, kind: str) -> Resource:
    entry = {"fullUrl": f"urn:uuid:{resource['id']}", "resource": resource}
    if kind == "transaction":
        place = f"{resource['resourceType']}/{resource['id']}"
        entry["request"] = {"method": "PUT", "url": place}
    return entry
