"""What this server understands of FHIR, as FHIR says it."""

from __future__ import annotations

from django.utils.translation import gettext as _
from fhir.resources.R4B.capabilitystatement import CapabilityStatement

from predictions.exchange.fhir.names import Resource, concept

# When what it can do last changed.
CHANGED = "2026-11-22"


def capability() -> Resource:
    """Return the CapabilityStatement: orders are taken and read, and nothing is offered that is not there."""
    orders = {
        "type": "ServiceRequest",
        "interaction": [{"code": "create"}, {"code": "read"}],
        "versioning": "no-version",
        "documentation": _("An order for a differential registers a sample; each order counts once."),
    }
    found: Resource = {
        "resourceType": "CapabilityStatement",
        "status": "active",
        "date": CHANGED,
        "kind": "instance",
        "software": {"name": "HematoVision"},
        "implementation": {"description": "HematoVision"},
        "fhirVersion": "4.0.1",
        "format": ["application/fhir+json", "application/json"],
        "rest": [
            {
                "mode": "server",
                "documentation": _(
                    "Signed reports are Bundles at /api/v1/reports/[id]/fhir and are sent to servers that an "
                    "admin has set up; they cannot be searched here."
                ),
                "security": {
                    "service": [concept(_("Bearer token that an admin makes"))],
                    "description": _("Scopes of a token: orders for orders, read for reports."),
                },
                "resource": [orders],
            }
        ],
    }
    CapabilityStatement.model_validate(found)
    return found
