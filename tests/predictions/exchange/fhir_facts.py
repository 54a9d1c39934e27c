"""A signed report with every kind of row, its amendment, and what every Bundle of one has to keep."""

import base64
import dataclasses
import hashlib
from uuid import UUID

from django.utils import timezone
from fhir.resources.R4B.bundle import Bundle

from predictions.exchange.signed import SignedReport
from predictions.models import Report
from predictions.report import to_json
from predictions.report.content import Amendment, Differential, Row
from tests.accounts.factories import PersonFactory
from tests.predictions.report import examples

SAMPLE, FIRST, SECOND, SITE = UUID(int=1), UUID(int=2), UUID(int=3), UUID(int=4)
PDF = b"%PDF-1.7 signed"
ROWS = (
    Row(
        *("NEU", "Neutrophil", 188, 61.45, 55.94, 66.96, 8.6955, "×10⁹/L"),
        range_text="40–60", range_low=40.0, range_high=60.0, flag="high", within_error=True,
        code="neutrophil", loinc_share="26511-6", loinc_count="26499-4",
    ),
    Row(
        *("LYM", "Lymphocyte", 30, 9.8, 6.72, 13.7, 1.39, "×10⁹/L"),
        range_text="1–3 ×10⁹/L", absolute_low=1.5, absolute_high=3.0, flag="low",
        code="lymphocyte", loinc_share="26478-8", loinc_count="26474-7",
    ),
    Row("BLAST", "Blast", 88, 28.76, 23.74, 34.18, code="blast"),
)  # fmt: skip
COUNTED = Differential(
    ROWS, 306, 400, nrbc_per_100=2.6, nrbc_loinc="19048-8", wbc=14.52, corrected_wbc=14.15
)  # fmt: skip


def signed(**changes):
    """Return the first version; a change is one of the content unless the signed facts have its name."""
    mine = {field.name for field in dataclasses.fields(SignedReport)}
    facts = {
        "report_id": FIRST,
        "sample_id": SAMPLE,
        "site_id": SITE,
        "version": 1,
        "replaces": None,
        "superseded": False,
        "code": "7K4M-Q2XH-9TRC-0000",
        "signed_by": UUID(int=5),
        "signer": "Dr Amina Rahman",
        "signed_at": examples.moment(11, 47),
        "pdf_size": len(PDF),
        "pdf_sha1": hashlib.sha1(PDF, usedforsecurity=False).digest(),
    }
    content = {"differential": COUNTED, "version": 1}
    content |= {name: changes.pop(name) for name in set(changes) - mine}
    return SignedReport(**(facts | {"content": examples.report(**content)} | changes))


def amended(rows=ROWS[:2], **changes):
    """Return the second version, in which the blasts are something else and no white cells are known."""
    facts = {"low": 0.0, "high": 100.0, "absolute": None, "unit": ""}
    shares = (dataclasses.replace(row, percent=100 * row.count / 218, **facts) for row in rows)
    counted = Differential(tuple(shares), 218, 400)
    return signed(
        report_id=SECOND,
        version=2,
        replaces=FIRST,
        amendment=Amendment(1, "Blasts named anew."),
        differential=counted,
        earlier=(signed().content,),
        **changes,
    )


def checked(found):
    """Hold a Bundle against R4B and against what the models cannot know; return its resources by type."""
    Bundle.model_validate(found)
    entries = {entry["fullUrl"]: entry["resource"] for entry in found["entry"]}
    assert len(entries) == len(found["entry"]), "an id was given twice"
    for url in references(found):
        assert url in entries, f"{url} is not in the Bundle"
    for resource in entries.values():
        assert resource["resourceType"] != "Observation" or resource["code"]["coding"], resource
    kinds = {}
    for resource in entries.values():
        kinds.setdefault(resource["resourceType"], []).append(resource)
    _counts_agree(kinds)
    return kinds


def references(found):
    """Return every literal reference, however deep it lies."""
    if isinstance(found, list):
        return [url for one in found for url in references(one)]
    if not isinstance(found, dict):
        return []
    here = [found["reference"]] if isinstance(found.get("reference"), str) else []
    return here + [url for one in found.values() for url in references(one)]


def _counts_agree(kinds):
    """Every class is a part of the same n, within its interval; together they are all that was counted."""
    (report,) = kinds["DiagnosticReport"]
    told = [one for one in kinds["Observation"] if one["status"] != "entered-in-error"]
    assert [f"urn:uuid:{one['id']}" for one in told] == [one["reference"] for one in report["result"]]
    total = next(one for one in told if code(one) == "11282-1")["valueQuantity"]["value"]
    shares = [one for one in told if "component" in one]
    for share in shares:
        n, part, interval = share["component"]
        ratio = part["valueRatio"]
        assert n["valueQuantity"]["value"] == ratio["denominator"]["value"] == total
        percent = 100 * ratio["numerator"]["value"] / total
        assert abs(percent - share["valueQuantity"]["value"]) < 0.1
        low, high = interval["valueRange"]["low"]["value"], interval["valueRange"]["high"]["value"]
        assert low <= share["valueQuantity"]["value"] <= high
    if shares:
        assert sum(one["component"][1]["valueRatio"]["numerator"]["value"] for one in shares) == total


def code(resource):
    """Return the LOINC code of a resource, None for one without."""
    found = [one["code"] for one in resource["code"]["coding"] if one["system"] == "http://loinc.org"]
    return found[0] if found else None


def sha1(data):
    return base64.b64encode(hashlib.sha1(data, usedforsecurity=False).digest()).decode()


def signed_row(sample, **content):
    """Sign a sample with these findings, whatever it holds; return the row of the next version."""
    specimen = examples.Specimen(accession=sample.accession, patient_reference=sample.patient_reference)
    number = Report.objects.filter(sample=sample).count() + 1
    facts = {"differential": COUNTED, "version": number, "specimen": specimen, **content}
    return Report.objects.create(
        sample=sample,
        version=number,
        revision=number,
        content=to_json(examples.report(**facts)),
        pdf=PDF,
        sha256=hashlib.sha256(PDF).hexdigest(),
        code=f"{str(sample.pk)[:8]}-{number}",
        reason="" if number == 1 else "A cell was named anew.",
        signed_by=PersonFactory(doctor=True, site=sample.site),
        signed_at=timezone.now(),
    )
