"""Asking for a signed report as FHIR: who may, that it is logged, and what a replaced version says."""

import pytest
from fhir.resources.R4B.capabilitystatement import CapabilityStatement
from fhir.resources.R4B.operationoutcome import OperationOutcome

from accounts.audit.models import AuditEvent
from accounts.tokens import token_create
from hematovision.core.origin import Origin
from predictions.services import sample_create
from tests.accounts.factories import PersonFactory, SiteFactory
from tests.predictions.exchange.fhir_facts import PDF, checked, sha1, signed_row

pytestmark = pytest.mark.django_db


def address(row):
    return f"/api/v1/reports/{row.pk}/fhir"


@pytest.fixture
def sample(technician):
    facts = {"accession": "HV-1", "patient_reference": "P-1"}
    return sample_create(actor=technician, origin=Origin(), facts=facts)


def test_a_report_is_told_as_a_bundle_and_the_log_says_so(client, technician, sample):
    row = signed_row(sample)
    client.force_login(technician)
    answer = client.get(address(row))
    assert (answer.status_code, answer["Content-Type"]) == (200, "application/fhir+json")
    assert answer["Cache-Control"] == "private, no-store"
    told = answer.json()
    kinds = checked(told)
    assert told["type"] == "collection"
    assert kinds["DiagnosticReport"][0]["presentedForm"][0]["hash"] == sha1(PDF)
    assert AuditEvent.objects.filter(event="report.opened", subject_id=str(sample.pk)).count() == 1


def test_who_has_the_bundle_is_told_just_that_and_nothing_is_logged(client, technician, sample):
    row = signed_row(sample)
    client.force_login(technician)
    first = client.get(address(row))
    again = client.get(address(row), headers={"If-None-Match": first["ETag"]})
    assert (again.status_code, again.content, again["ETag"]) == (304, b"", first["ETag"])
    assert AuditEvent.objects.filter(event="report.opened").count() == 1


def test_a_replaced_version_says_where_the_newest_is(client, technician, sample):
    rows = [signed_row(sample) for _version in range(3)]
    client.force_login(technician)
    answer = client.get(address(rows[0]))
    assert answer["Link"] == f'<{address(rows[2])}>; rel="successor-version"'
    assert checked(answer.json())["DiagnosticReport"][0]["status"] == "final"
    newest = client.get(address(rows[2]))
    assert "Link" not in newest
    assert checked(newest.json())["DiagnosticReport"][0]["status"] == "amended"


def test_refusals_are_outcomes_of_fhir(client, sample):
    row = signed_row(sample)
    for person, status, code in ((None, 401, "login"), (PersonFactory(site=SiteFactory()), 404, "not-found")):
        if person:
            client.force_login(person)
        answer = client.get(address(row))
        assert (answer.status_code, answer["Content-Type"]) == (status, "application/fhir+json")
        OperationOutcome.model_validate(answer.json())
        assert answer.json()["issue"][0]["code"] == code
    assert not AuditEvent.objects.filter(event="report.opened").exists()


def test_a_tokens_scope_decides(client, technician, sample):
    row, admin = signed_row(sample), PersonFactory(admin=True)
    for scope, status in (("read", 200), ("orders", 403)):
        facts = {"origin": Origin(), "name": scope, "days": 9}
        _token, text = token_create(actor=admin, person=technician, scopes=[scope], **facts)
        headers = {"Authorization": f"Bearer {text}"}
        assert client.get(address(row), headers=headers).status_code == status
        order = client.post("/api/v1/fhir/ServiceRequest", {}, "application/json", headers=headers)
        assert order.status_code == {"read": 403, "orders": 422}[scope]


def test_the_capability_statement_promises_what_is_there(client):
    answer = client.get("/api/v1/fhir/metadata")
    assert answer.status_code == 200
    told = answer.json()
    CapabilityStatement.model_validate(told)
    assert told["fhirVersion"] == "4.0.1"
    for resource in told["rest"][0]["resource"]:
        for interaction in resource["interaction"]:
            assert interaction["code"] == "create"
            assert client.post(f"/api/v1/fhir/{resource['type']}").status_code == 401
    assert client.get("/api/v1/fhir/metadata", headers={"Accept": "application/json"}).status_code == 200
