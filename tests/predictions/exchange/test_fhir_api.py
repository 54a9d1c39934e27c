"""Asking for a signed report as FHIR: who may, that it is logged, and what a replaced version says."""

from uuid import UUID

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


@pytest.mark.parametrize(
    ("asked", "accept", "status", "kind"),
    [
        ("", "", 200, "application/fhir+json"),
        ("?_format=json", "application/xml", 200, "application/fhir+json"),
        ("?_format=application/fhir+json", "", 200, "application/fhir+json"),
        ("?_format=application%2Fjson", "", 200, "application/json"),
        ("?_format=xml", "", 406, "application/fhir+json"),
        ("", "application/fhir+xml", 406, "application/fhir+json"),
        ("", "application/fhir+json; fhirVersion=4.0", 200, "application/fhir+json"),
        ("", "application/fhir+json; fhirVersion=3.0", 406, "application/fhir+json"),
    ],
)
def test_the_form_is_what_the_address_or_the_header_asks_for(client, asked, accept, status, kind):
    headers = {"Accept": accept} if accept else {}
    answer = client.get(f"/api/v1/fhir/metadata{asked}", headers=headers)
    assert (answer.status_code, answer["Content-Type"]) == (status, kind)
    if status == 406:
        OperationOutcome.model_validate(answer.json())


def test_another_version_of_fhir_is_not_read(client, technician):
    client.force_login(technician)
    for version, status in (("4.0", 422), ("3.0", 415)):
        kind = f"application/fhir+json; fhirVersion={version}"
        answer = client.post("/api/v1/fhir/ServiceRequest", "{}", kind)
        assert (answer.status_code, answer["Content-Type"]) == (status, "application/fhir+json")


@pytest.mark.parametrize("path", ["fhir/Patient/1", "fhir/", "reports/no-key/fhir"])
def test_where_there_is_no_address_is_said_in_fhir_too(client, path):
    answer = client.get(f"/api/v1/{path}")
    assert (answer.status_code, answer["Content-Type"]) == (404, "application/fhir+json")
    OperationOutcome.model_validate(answer.json())
    assert answer["Content-Length"] == str(len(answer.content))
    assert answer.json()["issue"][0]["details"]["coding"] == [{"code": "not_found"}]


def test_too_many_wrong_tokens_and_faults_of_the_portal_are_outcomes_too(client, settings, monkeypatch):
    settings.API_STRANGERS_PER_MINUTE = 1
    for status, code in ((401, "login"), (429, "throttled")):
        answer = client.post("/api/v1/fhir/ServiceRequest", headers={"Authorization": "Bearer hvm_wrong"})
        assert (answer.status_code, answer.json()["issue"][0]["code"]) == (status, code)
    assert int(answer["Retry-After"]) > 0
    settings.API_STRANGERS_PER_MINUTE = 100
    monkeypatch.setattr("predictions.exchange.fhir.capability.capability", lambda: 1 / 0)
    client.raise_request_exception = False
    answer = client.get("/api/v1/fhir/metadata")
    assert (answer.status_code, answer.json()["issue"][0]["code"]) == (500, "exception")


def test_a_tokens_scope_decides(client, technician, sample):
    row, admin = signed_row(sample), PersonFactory(admin=True)
    for scope, status in (("read", 200), ("orders", 403)):
        facts = {"origin": Origin(), "name": scope, "days": 9}
        _token, text = token_create(actor=admin, person=technician, scopes=[scope], **facts)
        headers = {"Authorization": f"Bearer {text}"}
        assert client.get(address(row), headers=headers).status_code == status
        order = client.post("/api/v1/fhir/ServiceRequest", {}, "application/json", headers=headers)
        assert order.status_code == {"read": 403, "orders": 422}[scope]
        if scope == "read":
            assert order["WWW-Authenticate"] == 'Bearer realm="HematoVision", error="insufficient_scope"'


def test_the_capability_statement_promises_what_is_there(client):
    answer = client.get("/api/v1/fhir/metadata")
    assert answer.status_code == 200
    told = answer.json()
    CapabilityStatement.model_validate(told)
    assert told["fhirVersion"] == "4.0.1"
    for resource in told["rest"][0]["resource"]:
        address = f"/api/v1/fhir/{resource['type']}"
        asked = {"create": client.post(address), "read": client.get(f"{address}/{UUID(int=0)}")}
        assert {one["code"] for one in resource["interaction"]} == set(asked)
        assert {one.status_code for one in asked.values()} == {401}
    assert client.get("/api/v1/fhir/metadata", headers={"Accept": "application/json"}).status_code == 200
