"""Samples through the API: as the pages have them, by the same services, for the same people."""

import json

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from django.test import Client

from accounts.audit.models import AuditEvent
from accounts.tokens import token_create
from hematovision.core.origin import Origin
from predictions.models import CellReview, IdempotencyKey, Report, Sample, SmearField
from predictions.selectors import judged
from predictions.services.analyse import analyse_field
from predictions.services.patient import patient_erase
from predictions.states import SampleState
from tests.accounts.factories import PersonFactory
from tests.predictions import hostile
from tests.predictions.api.test_idempotency import at_once
from tests.predictions.plain_model import loaded

pytestmark = pytest.mark.django_db

SAMPLES = "/api/v1/samples"
FACTS = {"accession": "hv-26/1", "patient_reference": "P-7", "sex": "female", "age_value": 47, "wbc": 6.4}


class Asking:
    """A person's program: JSON out and in."""

    def __init__(self, person):
        self.client = Client()
        self.client.force_login(person)

    def get(self, path, **headers):
        return self.client.get(path, headers=headers)

    def post(self, path, body=None, **headers):
        return self.client.post(path, json.dumps(body or {}), "application/json", headers=headers)

    def patch(self, path, body, **headers):
        return self.client.patch(path, json.dumps(body), "application/json", headers=headers)

    def upload(self, path, content=None, **fields):
        headers = fields.pop("headers", {})
        file = SimpleUploadedFile("smear.jpg", content or hostile.jpeg())
        return self.client.post(path, {"file": file, **fields}, headers=headers)


@pytest.fixture
def api(technician):
    return Asking(technician)


@pytest.fixture
def sample(api):
    return api.post(SAMPLES, FACTS).json()


@pytest.fixture
def read(api, sample):
    """The sample with one field, read by a model: one neutrophil."""
    field = api.upload(sample["links"]["fields"]).json()
    model = loaded()
    analyse_field(field["id"], load=lambda: model)
    return api.get(sample["links"]["self"]).json()


def refused(answer, status, code):
    assert (answer.status_code, answer.json()["code"]) == (status, code), answer.content
    return answer.json()


@pytest.mark.parametrize("path", [SAMPLES, f"{SAMPLES}/search"])
def test_a_body_that_is_nested_without_end_is_refused(api, path):
    answer = api.client.post(path, "[" * 100_000, "application/json")
    assert (answer.status_code, answer.json()["code"]) == (400, "parse_error")


def test_a_sample_is_registered_and_looked_at(api, technician):
    answer = api.post(SAMPLES, FACTS)
    assert answer.status_code == 201
    made = answer.json()
    assert answer["Location"] == made["links"]["self"] == f"/api/v1/samples/{made['id']}"
    assert {name: made[name] for name in ("accession", "sex", "wbc", "state", "revision", "fields")} == {
        "accession": "HV-26/1", "sex": "female", "wbc": 6.4, "state": "receiving", "revision": 1, "fields": 0,
    }  # fmt: skip
    assert (made["site"], made["created_by"]) == (str(technician.site_id), str(technician.pk))
    assert not AuditEvent.objects.filter(event="sample.opened").exists()
    one = api.get(answer["Location"])
    assert one.json() == made
    assert AuditEvent.objects.filter(event="sample.opened").count() == 1
    assert api.get(answer["Location"], **{"If-None-Match": one["ETag"]}).status_code == 304
    assert AuditEvent.objects.filter(event="sample.opened").count() == 1


def test_a_number_that_is_taken_names_its_sample_to_who_may_see_it(api, sample):
    told = refused(api.post(SAMPLES, {"accession": "HV-26/1"}), 409, "accession_taken")
    assert list(told) == ["type", "title", "status", "detail", "code", "sample"]
    assert told["sample"] == sample["id"]
    stranger = Asking(PersonFactory())
    assert "sample" not in refused(stranger.post(SAMPLES, {"accession": "HV-26/1"}), 409, "accession_taken")
    assert Sample.objects.count() == 1


@pytest.mark.parametrize(
    "fault",
    [{"accession": "a"}, {"accession": "ab "}, {"accession": 123}, {"wbc": "6"}, {"wbc": -1}, {"sex": "x"},
     {"age_value": "4"}, {"age_value": 1.5}, {"target": "100"}, {"target": 150}, {"received_at": 7},
     {"training_opt_out": "yes"}, {"training_opt_out": 1}, {"wbc": True}, {"note": "\0"}],
)  # fmt: skip
def test_what_is_no_fact_of_a_sample_is_said(api, fault):
    told = refused(api.post(SAMPLES, {**FACTS, **fault}), 422, "invalid")
    assert list(told["errors"]) == list(fault)
    assert not Sample.objects.exists()


def test_a_body_that_is_no_object_is_said(api):
    refused(api.client.post(SAMPLES, "[]", "application/json"), 422, "invalid")
    refused(api.client.post(SAMPLES, "{", "application/json"), 400, "parse_error")


@pytest.mark.django_db(transaction=True)
def test_twenty_at_once_make_one_sample(technician):
    answers = at_once(20, lambda: Asking(technician).post(SAMPLES, FACTS, **{"Idempotency-Key": "k"}))
    assert {answer.status_code for answer in answers} == {201}
    assert len({answer.content for answer in answers}) == 1
    assert sum("Idempotent-Replayed" in answer for answer in answers) == 19
    assert Sample.objects.count() == 1


@pytest.mark.django_db(transaction=True)
def test_the_same_number_at_once_without_a_key_is_taken_once(technician):
    answers = at_once(6, lambda: Asking(technician).post(SAMPLES, FACTS))
    assert sorted(answer.status_code for answer in answers) == [201, *[409] * 5]


@pytest.mark.django_db(transaction=True)
def test_an_erased_patient_is_in_no_answer_that_was_kept(api, technician):
    api.post(SAMPLES, FACTS, **{"Idempotency-Key": "k"})
    assert "P-7" in IdempotencyKey.objects.get().answer
    admin = PersonFactory(site=technician.site, admin=True)
    patient_erase(actor=admin, samples=list(Sample.objects.all()), reason="Asked for in writing.")
    assert not IdempotencyKey.objects.exists()


def test_a_change_is_of_the_version_that_was_seen(api, sample):
    address = sample["links"]["self"]
    tag = api.get(address)["ETag"]
    first = api.patch(address, {"note": "Haemolytic."}, **{"If-Match": tag})
    assert (first.status_code, first.json()["note"], first.json()["revision"]) == (200, "Haemolytic.", 2)
    refused(api.patch(address, {"note": "Mine."}, **{"If-Match": tag}), 412, "changed_since")
    assert api.get(address)["ETag"] == first["ETag"]
    assert api.patch(address, {"note": "Mine."}, **{"If-Match": first["ETag"]}).status_code == 200
    assert api.patch(address, {}).json()["revision"] == 3
    api.post(SAMPLES, {"accession": "HV-2"})
    refused(api.patch(address, {"accession": "HV-2"}), 409, "accession_taken")


def test_a_count_of_binary_arithmetic_is_rounded_to_the_places_that_are_kept(api, sample):
    address = sample["links"]["self"]
    assert api.patch(address, {"wbc": 6.3999999999999995}).json()["wbc"] == 6.4
    assert api.patch(address, {"wbc": 99999.99}).json()["wbc"] == 99999.99
    for beyond in (99999.991, -0.001):
        refused(api.patch(address, {"wbc": beyond}), 422, "invalid")


def test_the_list_is_filtered_and_found_by_name_in_the_body(api, sample, technician):
    other = api.post(SAMPLES, {"accession": "HV-2", "received_at": "2026-01-02T03:04:05Z"}).json()
    Sample.objects.filter(pk=other["id"]).update(state=SampleState.CANCELLED, flags=["delta"])

    for empty in (f"{SAMPLES}?state=", "/api/v1/fields?state="):
        refused(api.get(empty), 422, "invalid")

    def ids(query):
        return [one["id"] for one in api.get(f"{SAMPLES}?{query}").json()["results"]]

    assert ids("") == [sample["id"], other["id"]]
    assert (
        ids("state=cancelled")
        == ids("flag=delta")
        == ids("received_before=2026-02-01T00:00:00Z")
        == [other["id"]]
    )
    assert ids("state=receiving") == ids("received_after=2026-02-01T00:00:00Z") == [sample["id"]]
    assert ids(f"created_by={technician.pk}&site={technician.site_id}") == [sample["id"], other["id"]]
    assert ids("class=neutrophil") == ids(f"site={other['id']}") == []
    refused(api.get(f"{SAMPLES}?state=x&site=y"), 422, "invalid")
    refused(api.get(f"{SAMPLES}?statee=cancelled"), 422, "invalid")
    refused(api.get(f"{SAMPLES}?limit=0"), 400, "bad_value")
    refused(api.get(f"{SAMPLES}?after=x"), 404, "bad_cursor")
    first = api.get(f"{SAMPLES}?limit=1&site={technician.site_id}").json()
    assert [one["id"] for one in api.get(first["next"]).json()["results"]] == [other["id"]]
    for names in (
        {"accession": "hv-26/1"},
        {"patient_reference": "P-7"},
        {"accession": "HV-26/1", "patient_reference": "P-7"},
    ):
        assert [one["id"] for one in api.post(f"{SAMPLES}/search", names).json()["results"]] == [sample["id"]]
    assert (
        api.post(f"{SAMPLES}/search", {"accession": "HV-2", "patient_reference": "P-7"}).json()["results"]
        == []
    )
    assert api.post(f"{SAMPLES}/search", {}).json()["results"] == []
    refused(api.post(f"{SAMPLES}/search", {"accession": ""}), 422, "invalid")
    assert Asking(PersonFactory()).get(SAMPLES).json() == {"results": [], "next": None}


def test_an_image_is_added_once(api, sample):
    address = sample["links"]["fields"]
    first = api.upload(address, headers={"Idempotency-Key": "k"})
    assert (first.status_code, first.json()["sample"]) == (201, sample["id"])
    assert first["Location"] == first.json()["status_url"]
    replayed = api.upload(address, headers={"Idempotency-Key": "k"})
    assert (replayed.status_code, replayed["Idempotent-Replayed"]) == (201, "true")
    assert replayed.json()["id"] == first.json()["id"]
    assert refused(api.upload(address), 409, "duplicate")["field"] == first.json()["id"]
    assert api.upload(address, again="yes").json()["duplicate_of"] == first.json()["id"]
    refused(api.upload(address, again="perhaps"), 400, "bad_value")
    listed = api.get(address).json()["results"]
    assert (len(listed), listed[-1]["id"]) == (2, first.json()["id"])
    assert [one["id"] for one in api.get(f"/api/v1/fields?sample={sample['id']}").json()["results"]] == [
        one["id"] for one in listed
    ]
    assert api.get("/api/v1/fields?state=done").json()["results"] == []
    assert SmearField.objects.count() == 2


@pytest.mark.django_db(transaction=True)
def test_the_same_image_at_once_is_added_once(technician, api, sample):
    address = sample["links"]["fields"]
    keyed = at_once(4, lambda: Asking(technician).upload(address, headers={"Idempotency-Key": "k"}))
    assert {answer.status_code for answer in keyed} == {201}
    other = hostile.jpeg(seed=8)
    plain = at_once(4, lambda: Asking(technician).upload(address, other))
    assert sorted(answer.status_code for answer in plain) == [201, 409, 409, 409]
    assert SmearField.objects.count() == 2


def test_cells_and_differential_are_those_of_the_page(api, read):
    assert (read["state"], read["fields"]) == ("to_review", 1)
    [cell] = api.get(read["links"]["cells"]).json()["results"]
    assert (cell["predicted_label"], cell["code"], cell["confidence"], cell["seen"]) == (
        "neutrophil", "neutrophil", 90.0, 0,
    )  # fmt: skip
    count = api.get(read["links"]["differential"]).json()
    [row] = [row for row in count["rows"] if row["count"]]
    found = judged(Sample.objects.get()).counted.rows
    [wanted] = [row for row in found if row.number]
    assert (row["code"], row["count"], row["percent"], row["absolute"]) == ("neutrophil", 1, 100.0, 6.4)
    assert row["percent_low"] == pytest.approx(100 * wanted.interval.low)
    assert (count["counted"], count["wbc"]) == (1, 6.4)
    assert count["model_versions"] == [api.get(cell["links"]["field"]).json()["model_version"]]
    assert api.get(f"{SAMPLES}?class=neutrophil").json()["results"][0]["id"] == read["id"]


def test_a_review_takes_the_last_word_seen(api, read, technician):
    [cell] = api.get(read["links"]["cells"]).json()["results"]
    address = cell["links"]["reviews"]
    first = api.post(address, {"code": "monocyte", "seen": 0}, **{"Idempotency-Key": "k"})
    assert first.status_code == 201
    assert (first.json()["code"], first.json()["by_person"], first.json()["changed"]) == (
        "monocyte",
        True,
        True,
    )
    assert first.json()["reviewed_by"] == technician.name
    told = refused(api.post(address, {"code": "lymphocyte", "seen": 0}), 409, "changed_meanwhile")
    assert told["cells"] == [{"id": cell["id"], "seen": first.json()["seen"], "code": "monocyte"}]
    again = api.post(address, {"code": "monocyte", "seen": 0}, **{"Idempotency-Key": "k"})
    assert (again.json(), again["Idempotent-Replayed"]) == (first.json(), "true")
    assert api.post(address, {"code": None, "seen": first.json()["seen"]}).status_code == 201
    refused(
        api.post(address, {"code": "no-such", "seen": CellReview.objects.latest("pk").pk}),
        409,
        "review_refused",
    )
    for fault in ({}, {"code": "monocyte"}, {"seen": 0}, {"code": 7, "seen": 0}, {"code": None, "seen": "0"}):
        refused(api.post(address, fault), 422, "invalid")
    assert CellReview.objects.count() == 2


def test_a_sample_is_handed_to_the_doctor_and_its_events_tell(api, read):
    handed = api.post(read["links"]["submit"])
    assert (handed.status_code, handed.json()["state"]) == (200, "in_review")
    refused(api.post(read["links"]["submit"]), 409, "sample_refused")
    events = api.get(read["links"]["events"]).json()["results"]
    assert [one["revision"] for one in events] == list(range(handed.json()["revision"], 0, -1))
    assert (events[0]["kind"], events[0]["detail"]["to"]) == ("moved", "in_review")
    first = api.get(f"{read['links']['events']}?limit=2").json()
    assert api.get(first["next"]).json()["results"][0] == events[2]


def test_reports_come_as_they_were_signed(api, sample, doctor_signed):
    [line] = api.get(sample["links"]["reports"]).json()["results"]
    assert (line["version"], line["superseded"], line["id"]) == (1, False, str(doctor_signed.pk))
    one = api.get(line["links"]["self"])
    assert one.json() == {**line, "content": {"open": []}}
    assert api.get(line["links"]["self"], **{"If-None-Match": one["ETag"]}).status_code == 304
    pdf = api.get(line["links"]["pdf"], Accept="application/pdf")
    assert (pdf["Content-Type"], pdf.content, pdf["ETag"]) == ("application/pdf", b"%PDF", f'"{"0" * 64}"')
    assert api.get(line["links"]["pdf"], **{"If-None-Match": pdf["ETag"]}).status_code == 304
    assert line["links"]["fhir"] == f"{line['links']['self']}/fhir"
    assert AuditEvent.objects.filter(event="report.opened").count() == 2


@pytest.fixture
def doctor_signed(sample, technician):
    facts = {"version": 1, "revision": 1, "content": '{"open": []}', "pdf": b"%PDF", "sha256": "0" * 64}
    signer = PersonFactory(site=technician.site, doctor=True)
    signed = {"signed_by": signer, "signed_at": "2026-03-02T08:00:00Z", "code": "X"}
    return Report.objects.create(sample_id=sample["id"], **facts, **signed)


def test_a_machines_token_does_what_its_scopes_say(technician, sample, read):
    def bearer(*scopes):
        admin = PersonFactory(site=technician.site, admin=True)
        facts = {"name": "Scanner", "days": 9, "origin": Origin()}
        _token, text = token_create(actor=admin, person=technician, scopes=scopes, **facts)
        return Client(headers={"Authorization": f"Bearer {text}"})

    reads, samples, reviews = bearer("read"), bearer("samples"), bearer("review")
    asked = {
        "get": lambda client: client.get(SAMPLES),
        "search": lambda client: client.post(f"{SAMPLES}/search", "{}", "application/json"),
        "post": lambda client: client.post(SAMPLES, "{}", "application/json"),
        "patch": lambda client: client.patch(read["links"]["self"], "{}", "application/json"),
        "add": lambda client: client.post(read["links"]["fields"], {}),
        "submit": lambda client: client.post(read["links"]["submit"], "{}", "application/json"),
    }
    allowed = {
        name: [who for who, client in (("read", reads), ("samples", samples), ("review", reviews))
               if ask(client).status_code != 403]
        for name, ask in asked.items()
    }  # fmt: skip
    assert allowed == {
        "get": ["read"], "search": ["read"], "post": ["samples"], "patch": ["samples"],
        "add": ["samples"], "submit": ["review"],
    }  # fmt: skip
    told = refused(reads.post(SAMPLES, "{}", "application/json"), 403, "scope_missing")
    assert "“samples”" in told["detail"]
