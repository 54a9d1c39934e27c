"""A signed report in the form that other programs' formats are made from."""

from __future__ import annotations

from predictions.exchange.signed import SignedReport
from predictions.models import Report
from predictions.report import from_json


def signed_report(report: Report) -> SignedReport:
    """Return what programs are told of this version; ``report`` comes with its sample and signer."""
    same = Report.objects.filter(sample=report.sample_id)
    versions = {version: key for key, version in same.values_list("pk", "version")}
    before = same.filter(version__lt=report.version).order_by("version").values_list("content", flat=True)
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
        content=from_json(report.content),
        earlier=tuple(from_json(content) for content in before),
    )
