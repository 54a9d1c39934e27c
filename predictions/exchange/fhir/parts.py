"""What stands beside the values: the report itself, the specimen, the model, and who answers for it all."""

from __future__ import annotations

import base64
from datetime import datetime
from urllib.parse import urljoin

from django.utils.translation import gettext as _

from predictions.exchange.fhir import names
from predictions.exchange.fhir.names import LOINC, V2, V3, Resource, concept, said
from predictions.exchange.signed import SignedReport

PARTS_OF_PROVENANCE = "http://terminology.hl7.org/CodeSystem/provenance-participant-type"


def diagnostic_report(signed: SignedReport, results: list[str]) -> Resource:
    """Return the report of the sample, the same resource in all versions; ``results`` are ids of values."""
    collected = signed.content.specimen.collected_at
    owner = (signed.order_system or names.system(signed, "order"), signed.order_number)
    return said(
        {
            "resourceType": "DiagnosticReport",
            "id": names.key(signed.sample_id, "DiagnosticReport"),
            "language": signed.content.language,
            "identifier": _numbers(signed),
            "basedOn": [names.logical("ServiceRequest", *owner)] if signed.order_number else [],
            "status": names.status(signed),
            "category": [concept("", (f"{V2}0074", "HM"))],
            "code": concept(_("Differential count of leukocytes"), (LOINC, names.PANEL)),
            "subject": names.patient(signed),
            "effectiveDateTime": _moment(collected),
            "issued": signed.signed_at.isoformat(timespec="milliseconds"),
            "performer": [names.laboratory(signed)],
            "resultsInterpreter": [names.signer(signed)],
            "specimen": [names.reference(names.key(signed.sample_id, "Specimen"))],
            "result": [names.reference(result) for result in results],
            "conclusion": signed.content.comment,
            "presentedForm": [_file(signed)],
        }
    )


def specimen(signed: SignedReport) -> Resource:
    """Return the smear."""
    told = signed.content.specimen
    stained = {"description": _("Stain: %(stain)s") % {"stain": told.stain}}
    number = {"system": names.system(signed, "accession"), "value": told.accession}
    return said(
        {
            "resourceType": "Specimen",
            "id": names.key(signed.sample_id, "Specimen"),
            "accessionIdentifier": number,
            "type": concept(_("Blood smear"), (f"{V2}0487", "BLD")),
            "subject": names.patient(signed),
            "receivedTime": _moment(told.received_at),
            "collection": said({"collectedDateTime": _moment(told.collected_at)}),
            "processing": [stained] if told.stain else [],
        }
    )


def device(signed: SignedReport) -> Resource | None:
    """Return the model that proposed the classes; the same resource in all reports of a site."""
    model = signed.content.model
    if model is None:
        return None
    return {
        "resourceType": "Device",
        "id": names.key(signed.site_id, f"Device/{model.sha256}"),
        "identifier": [{"system": names.system(signed, "model-sha256"), "value": model.sha256}],
        "deviceName": [{"name": "HematoVision", "type": "model-name"}],
        "version": [{"type": concept(_("Model")), "value": model.version}],
    }


def provenance(signed: SignedReport, targets: list[str]) -> Resource:
    """Return who signed this version when, what it replaces, why, and which model proposed the classes."""
    amended = signed.content.amendment
    model = device(signed)
    assembler = [_agent("assembler", names.reference(model["id"]))] if model else []
    earlier = {
        "role": "revision",
        "what": names.logical("DiagnosticReport", names.system(signed, "report"), str(signed.replaces)),
    }
    return said(
        {
            "resourceType": "Provenance",
            "id": names.key(signed.report_id, "Provenance"),
            "target": [names.reference(target) for target in targets],
            "recorded": signed.signed_at.isoformat(timespec="milliseconds"),
            "activity": concept("", (f"{V3}DataOperation", "UPDATE" if signed.amended else "CREATE")),
            "reason": [concept(amended.reason)] if amended else [],
            "agent": [_agent("legal", names.signer(signed)), *assembler],
            "entity": [earlier] if signed.replaces else [],
        }
    )


def _agent(role: str, who: Resource) -> Resource:
    return {"type": concept("", (PARTS_OF_PROVENANCE, role)), "who": who}


def _numbers(signed: SignedReport) -> list[Resource]:
    """Return the numbers of this version: its key, the code that confirms it, and the accession number."""
    accession = {
        "type": concept("", (f"{V2}0203", "ACSN")),
        "system": names.system(signed, "accession"),
        "value": signed.content.specimen.accession,
    }
    code = {
        "type": concept(_("Verification code")),
        "system": names.system(signed, "verification"),
        "value": signed.code,
    }
    return [{"system": names.system(signed, "report"), "value": str(signed.report_id)}, code, accession]


def _file(signed: SignedReport) -> Resource:
    """Return where the signed PDF is, how large it is, and its SHA-1, which is the hash that R4 asks for.

    The file itself is not embedded: whoever fetches it is written into the log, and a Bundle stays small.
    """
    verified = signed.content.verification
    return said(
        {
            "contentType": "application/pdf",
            "language": signed.content.language,
            "url": urljoin(verified.address, f"/api/v1/reports/{signed.report_id}/pdf")
            if verified and verified.address
            else "",
            "size": signed.pdf_size or None,
            "hash": base64.b64encode(signed.pdf_sha1).decode(),
            "title": _("Signed report, version %(n)d") % {"n": signed.version},
            "creation": signed.signed_at.isoformat(timespec="seconds"),
        }
    )


def _moment(at: datetime | None) -> str | None:
    return at.isoformat(timespec="seconds") if at else None
