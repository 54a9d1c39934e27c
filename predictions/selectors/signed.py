"""A signed report in the form that other programs' formats are made from."""

from __future__ import annotations

import hashlib

from predictions.exchange.signed import SignedReport
from predictions.models import Order, Report
from predictions.report import from_json


def signed_report(report: Report) -> SignedReport:
    """Return what programs are told of this version; ``report`` comes with its sample and signer."""
    others = Report.objects.filter(sample=report.sample_id).order_by("version").values_list("version", "pk")
    versions = dict(others)
    earlier = others.filter(version__lt=report.version).values_list("content", flat=True)
    pdf, content = bytes(report.pdf), from_json(report.content)
    order = Order.objects.filter(sample=report.sample_id).first()
    return SignedReport(
        report_id=report.pk,
        sample_id=report.sample_id,
        site_id=report.sample.site_id,
        version=report.version,
        replaces=versions.get(report.version - 1),
        superseded=max(versions) > report.version,
        code=report.code,
        signed_by=report.signed_by_id,
        signer=report.signed_by.name,
        signed_at=report.signed_at,
        content=content,
        order_number=order.value if order else "",
        order_system=order.system if order else "",
        patient_system=order.system_of(content.specimen.patient_reference) if order else "",
        pdf_size=len(pdf),
        # FHIR asks for this hash of a file; nothing is kept secret by it.
        pdf_sha1=hashlib.sha1(pdf, usedforsecurity=False).digest(),
        earlier=tuple(from_json(one) for one in earlier),
    )
