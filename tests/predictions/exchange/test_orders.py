"""A ServiceRequest becomes a sample once, and whatever is wrong with one is said where it stands."""

import copy
import io
import json
import re
import threading
from datetime import UTC, date, datetime
from decimal import Decimal
from pathlib import Path

import pytest
from django.db import connection
from fhir.resources.R4B.operationoutcome import OperationOutcome
from fhir.resources.R4B.servicerequest import ServiceRequest
from rest_framework.exceptions import ParseError

from accounts.audit.models import AuditEvent
from hematovision.core.origin import Origin
from predictions.api.describe_fhir import ORDER
from predictions.api.json_text import LARGEST_BODY
from predictions.api.outcome import FhirParser
from predictions.differential.age import age_between
from predictions.errors import OrderRefused, OrderTaken
from predictions.exchange.fhir.order import order_of
from predictions.models import CellType, IdempotencyKey, Order, Sample
from predictions.selectors import patient_rows, signed_report
from predictions.services import order_place, sample_create
from predictions.services.patient import patient_erase
from tests.accounts.factories import PersonFactory, SiteFactory
from tests.predictions.exchange.fhir_facts import signed_row

ADDRESS = "/api/v1/fhir/ServiceRequest"
NOW = datetime(2026, 11, 21, 12, 0, tzinfo=UTC)
PATIENT, SPECIMEN, COUNT = range(3)


def changed(change):
    """The order of the description, changed by ``change(order, its contained resources)``."""
    order = copy.deepcopy(ORDER)
    change(order, order["contained"])
    return order


def issues_of(order):
    with pytest.raises(OrderRefused) as refused:
        order_of(order, now=NOW)
    return [place for place, sentence in refused.value.issues if len(sentence) > 10]


def test_an_order_is_read_whole():
    placed = order_of(ORDER, now=NOW)
    assert (placed.system, placed.value) == ("https://lis.example.org/orders", "ORD-20261121-0042")
    assert placed.patient_system == "https://lis.example.org/patients"
    assert dict(placed.facts) == {
        "accession": "HV-26-004817",
        "patient_reference": "P-7731",
        "sex": "female",
        "age_value": 65,
        "age_unit": "years",
        "wbc": Decimal("14.50"),
        "collected_at": datetime.fromisoformat("2026-11-21T09:12:00+01:00"),
        "received_at": NOW,
        "requester": "Dr S. O'Connor, Ward 4",
    }


def test_the_order_of_the_manual_is_read():
    manual = (Path(__file__).parents[3] / "docs" / "fhir.md").read_text(encoding="utf-8")
    (example,) = re.findall(r"-d '(\{.*?\})'\n```", manual, re.DOTALL)
    assert order_of(json.loads(example), now=NOW).facts["accession"] == "HV-26-004817"


@pytest.mark.parametrize(
    ("born", "on", "age"),
    [
        (date(2026, 3, 1), date(2026, 3, 1), (0, "days")),
        (date(2026, 1, 31), date(2026, 2, 28), (28, "days")),
        (date(2026, 1, 31), date(2026, 3, 1), (1, "months")),
        (date(2024, 3, 2), date(2026, 3, 1), (23, "months")),
        (date(2024, 3, 1), date(2026, 3, 1), (2, "years")),
        (date(2004, 2, 29), date(2026, 2, 28), (21, "years")),
    ],
)
def test_an_age_is_counted_as_people_count_it(born, on, age):
    found = age_between(born, on)
    assert (found.value, found.unit) == age


def put(part, facts):
    """Change a part of the order; what is None is left out."""
    part.update(facts)
    for name in [name for name, value in facts.items() if value is None]:
        part.pop(name)


def of_order(**facts):
    return lambda order, inside: put(order, facts)


def of_inside(which, *path, **facts):
    """Change the contained resource ``which``, or the part of it that ``path`` leads to."""

    def change(order, inside):
        part = inside[which]
        for name in path:
            part = part[name]
        put(part, facts)

    return change


def collected(at):
    return of_inside(SPECIMEN, "collection", collectedDateTime=at)


def counted(**facts):
    return of_inside(COUNT, "valueQuantity", **facts)


def coded(**facts):
    return lambda order, inside: order["code"]["coding"][0].update(facts)


def numbered(**facts):
    return lambda order, inside: put(order["identifier"][0], facts)


BLOOD, WHITE = "ServiceRequest.contained.collection", "ServiceRequest.supportingInfo"
SUBJECT = "ServiceRequest.subject"
MODIFIER = [{"url": "urn:x", "valueBoolean": True}]


@pytest.mark.parametrize(
    ("change", "place"),
    [
        (of_order(status="draft"), "ServiceRequest.status"),
        (of_order(intent="proposal"), "ServiceRequest.intent"),
        (of_order(doNotPerform=True), "ServiceRequest.doNotPerform"),
        (of_order(modifierExtension=MODIFIER), "ServiceRequest.modifierExtension"),
        (coded(code="2345-7"), "ServiceRequest.code"),
        (coded(system="urn:x"), "ServiceRequest.code"),
        (of_order(identifier=None), "ServiceRequest.identifier"),
        (numbered(value="  "), "ServiceRequest.identifier[0].value"),
        (lambda order, inside: order.update(requester={}), "ServiceRequest.requester"),
        (lambda order, inside: order.update(note=[None]), "ServiceRequest.note[0]"),
        (of_inside(PATIENT, gender=""), "ServiceRequest.contained[0].gender"),
        (numbered(system=None), "ServiceRequest.identifier"),
        (lambda order, inside: order.pop("subject"), SUBJECT),
        (of_inside(PATIENT, identifier=None), SUBJECT),
        (of_order(subject={"reference": "Patient/7"}), SUBJECT),
        (of_inside(PATIENT, birthDate="2027-01-01"), "ServiceRequest.contained.birthDate"),
        (collected("2026-11-21"), BLOOD),
        (collected("0001-01-01T00:00:00+14:00"), BLOOD),
        (collected("2026-11-22T12:00:00Z"), BLOOD),
        (counted(code="/uL"), WHITE),
        (counted(code="10*6/L"), WHITE),
        (counted(value=-1), WHITE),
        (counted(value=1e300), WHITE),
        (counted(comparator="<"), WHITE),
        (counted(system="urn:x"), WHITE),
        (of_inside(COUNT, status="entered-in-error"), WHITE),
        (of_inside(COUNT, resourceType="Nothing"), "ServiceRequest.contained"),
        (of_order(site_id="x"), "ServiceRequest.site_id"),
        (of_order(resourceType="Patient"), "ServiceRequest"),
    ],
)
def test_what_is_wrong_is_said_where_it_stands(change, place):
    assert issues_of(changed(change)) == [place]


@pytest.mark.parametrize("body", [None, [], "x", 7, {}])
def test_what_is_no_order_is_refused(body):
    assert issues_of(body) == ["ServiceRequest"]


def test_everything_that_is_wrong_is_said_at_once():
    def change(order, inside):
        order.update(status="draft", intent="plan")
        inside[COUNT]["valueQuantity"].pop("value")

    assert issues_of(changed(change)) == [
        *("ServiceRequest.status", "ServiceRequest.intent", "ServiceRequest.supportingInfo")
    ]


PLACER = {"coding": [{"system": "http://terminology.hl7.org/CodeSystem/v2-0203", "code": "PLAC"}]}


@pytest.mark.parametrize(
    ("change", "facts"),
    [
        (of_inside(PATIENT, gender="other"), {"sex": None}),
        (of_inside(PATIENT, birthDate="1961"), {"age_value": None}),
        (of_order(supportingInfo=None), {"wbc": None}),
        (counted(code="10*3/uL", value=3.456), {"wbc": Decimal("3.46")}),
        (of_inside(SPECIMEN, collection=None), {"collected_at": None}),
        (of_inside(SPECIMEN, accessionIdentifier=None), {"accession": "ORD-20261121-0042"}),
        (of_order(specimen=[{"identifier": {"value": "hv-9"}}]), {"accession": "HV-9"}),
        (
            lambda order, inside: order["identifier"].append(
                {"system": "urn:p", "value": "P1", "type": PLACER}
            ),
            {"value": "P1"},
        ),
    ],
)
def test_what_is_not_told_is_left_open(change, facts):
    placed = order_of(changed(change), now=NOW)
    told = dict(placed.facts) | {"value": placed.value}
    assert {name: told.get(name) for name in facts} == facts


def place(client, order=ORDER, **more):
    body = order if isinstance(order, bytes) else json.dumps(order)
    return client.post(ADDRESS, body, **{"content_type": "application/fhir+json", **more})


def outcome(response, status, code):
    """Hold a refusal against R4B, and return its issues."""
    assert response.status_code == status, response.content
    assert response["Content-Type"].startswith("application/fhir+json")
    told = response.json()
    OperationOutcome.model_validate(told)
    assert {one["details"]["coding"][0]["code"] for one in told["issue"]} == {code}
    assert all(len(one["details"]["text"]) > 10 for one in told["issue"])
    return told["issue"]


@pytest.mark.django_db
def test_an_order_registers_a_sample_that_waits_for_its_images(client, technician):
    client.force_login(technician)
    answer = place(client)
    assert (answer.status_code, answer["Content-Type"]) == (201, "application/fhir+json")
    sample = Sample.objects.get()
    assert answer["Location"] == f"{ADDRESS}/{sample.order.pk}"
    assert answer["Link"] == f'</api/v1/samples/{sample.pk}>; rel="related"'
    ServiceRequest.model_validate(answer.json())
    assert (sample.accession, sample.state, sample.site) == ("HV-26-004817", "receiving", technician.site)
    assert (sample.sex, sample.age_value, sample.age_unit, sample.wbc) == (
        "female",
        65,
        "years",
        Decimal("14.50"),
    )
    assert sample.requester == "Dr S. O'Connor, Ward 4"
    assert "1961-04-02" not in str(
        [*Sample.objects.values(), *Order.objects.values(), *AuditEvent.objects.values()]
    )
    assert [*AuditEvent.objects.order_by("pk").values_list("event", flat=True)][-2:] == [
        "sample.created",
        "order.placed",
    ]
    assert "P-7731" not in str(AuditEvent.objects.values())


@pytest.mark.django_db
def test_an_order_counts_once_and_says_which_is_in_the_way(client, technician):
    client.force_login(technician)
    assert place(client).status_code == 201
    sample = Sample.objects.get()
    (issue,) = outcome(place(client), 409, "order_taken")
    assert (issue["code"], issue["expression"]) == ("duplicate", ["ServiceRequest.identifier"])
    assert str(sample.pk) in issue["details"]["text"]
    other = changed(lambda order, inside: order["identifier"][0].update(value="ORD-2"))
    (issue,) = outcome(place(client, other), 409, "accession_taken")
    assert issue["expression"] == ["ServiceRequest.specimen"]
    client.force_login(PersonFactory(site=SiteFactory()))
    (issue,) = outcome(place(client), 409, "order_taken")
    assert str(sample.pk) not in issue["details"]["text"]
    assert Sample.objects.count() == Order.objects.count() == 1


@pytest.mark.django_db
def test_an_order_sent_again_with_its_key_gets_its_answer_again(client, technician):
    client.force_login(technician)
    first = place(client, headers={"Idempotency-Key": "order-42"})
    again = place(client, headers={"Idempotency-Key": "order-42"})
    assert (again.status_code, again["Idempotent-Replayed"]) == (201, "true")
    for header in ("Location", "Link"):
        assert again[header] == first[header]
    assert again.json() == first.json()
    assert again["Content-Type"] == "application/fhir+json"
    other = changed(lambda order, inside: order["identifier"][0].update(value="ORD-2"))
    (issue,) = outcome(place(client, other, headers={"Idempotency-Key": "order-42"}), 422, "key_reused")
    assert issue["code"] == "invalid"
    outcome(place(client, other, headers={"Idempotency-Key": "a b"}), 400, "bad_value")
    assert Sample.objects.count() == Order.objects.count() == 1
    # A refusal keeps nothing under its key.
    outcome(place(client, headers={"Idempotency-Key": "order-43"}), 409, "order_taken")
    assert [row.sample for row in IdempotencyKey.objects.all()] == [Sample.objects.get()]


@pytest.mark.django_db
@pytest.mark.parametrize(
    ("state", "status"),
    [("receiving", "active"), ("in_review", "active"), ("amended", "completed"), ("cancelled", "revoked")],
)
def test_an_order_is_read_where_it_was_made(client, technician, state, status):
    client.force_login(technician)
    placed = place(client)
    Sample.objects.update(state=state)
    answer = client.get(placed["Location"])
    assert (answer.status_code, answer["Content-Type"]) == (200, "application/fhir+json")
    ServiceRequest.model_validate(answer.json())
    assert answer.json() == {**placed.json(), "status": status}
    assert answer["Link"] == placed["Link"]
    same = client.get(placed["Location"], headers={"If-None-Match": answer["ETag"]})
    assert (same.status_code, same["Link"]) == (304, placed["Link"])
    assert AuditEvent.objects.filter(event="sample.opened").count() == 1
    client.force_login(PersonFactory(site=SiteFactory()))
    outcome(client.get(placed["Location"]), 404, "not_found")


@pytest.mark.django_db
def test_refusals_are_outcomes_of_fhir(client, technician):
    outcome(place(client), 401, "not_authenticated")
    client.force_login(PersonFactory(doctor=True))
    outcome(place(client), 403, "not_allowed")
    client.force_login(technician)
    outcome(place(client, content_type="text/plain"), 415, "unsupported_media_type")
    outcome(place(client, b"{"), 400, "parse_error")
    outcome(place(client, b" " * (LARGEST_BODY + 1)), 413, "too_large")
    outcome(client.get(ADDRESS), 405, "method_not_allowed")
    long = changed(lambda order, inside: inside[SPECIMEN]["accessionIdentifier"].update(value="X" * 40))
    issues = outcome(place(client, long), 422, "order_invalid")
    assert {one["expression"][0] for one in issues} == {"ServiceRequest.specimen"}
    assert not Sample.objects.exists()


@pytest.mark.parametrize(
    "body",
    [
        b'{"a": "\\ud800"}',
        b'{"a": "\\u0000"}',
        b'{"a": NaN}',
        b"[" * 100_000,
        b"\xff",
        b"",
        b'{"a": 1, "a": 2}',
    ],
)
def test_what_is_no_text_is_refused_before_it_is_read(body):
    with pytest.raises(ParseError):
        FhirParser().parse(io.BytesIO(body))


@pytest.mark.django_db(transaction=True)
def test_of_many_equal_orders_at_once_one_counts(technician):
    ready, outcomes = threading.Barrier(6), []

    def act():
        ready.wait()
        try:
            placed = order_of(ORDER, now=NOW)
            order_place(actor=technician, origin=Origin(), placed=placed)
            outcomes.append("placed")
        except OrderTaken as taken:
            outcomes.append(taken.code)
        finally:
            connection.close()

    threads = [threading.Thread(target=act) for _ in range(6)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert sorted(outcomes) == ["order_taken"] * 5 + ["placed"]
    assert Sample.objects.count() == Order.objects.count() == 1


def order_here(technician):
    return order_place(actor=technician, origin=Origin(), placed=order_of(ORDER, now=NOW))


@pytest.mark.django_db
def test_the_report_names_the_order_and_whose_number_the_patient_has(technician):
    order = order_here(technician)
    told = signed_report(signed_row(order.sample))
    assert (told.order_system, told.order_number) == (order.system, order.value)
    assert told.patient_system == "https://lis.example.org/patients"
    assert order.system_of("P-OTHER") == "", "somebody has corrected it to a number of their own"


@pytest.mark.django_db(transaction=True)
def test_an_order_is_erased_with_its_patient(technician):
    order = order_here(technician)
    kept = sample_create(
        actor=technician, origin=Origin(), facts={"accession": "HV-9", "patient_reference": "P-9"}
    )
    assert patient_rows([order.sample])["orders"].get() == order
    patient_erase(actor=PersonFactory(admin=True), samples=[order.sample], reason="Asked for in writing.")
    assert not Order.objects.exists()
    assert Sample.objects.get() == kept


@pytest.mark.django_db
def test_codes_of_concentrations_are_no_codes_of_shares():
    told = dict(CellType.objects.exclude(loinc_count="").values_list("code", "loinc_count"))
    assert told == {
        "neutrophil": "26499-4",
        "lymphocyte": "26474-7",
        "monocyte": "26484-6",
        "eosinophil": "26449-9",
        "basophil": "26444-0",
    }
