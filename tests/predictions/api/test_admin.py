"""What admins read through the API is what the pages show; tokens are made by people with a fresh proof."""

import json
import time

import pytest
from django.contrib.sessions.models import Session
from django.test import Client
from django.utils import timezone

from accounts.audit.models import AuditEvent
from accounts.models import MachineToken
from accounts.tokens import token_create
from hematovision.core.origin import Origin
from mlcore.registry.models import DataSet, DataSetVersion, ModelVersion, TrainingRun
from tests.accounts.factories import PersonFactory
from tests.predictions.test_api import token

pytestmark = pytest.mark.django_db


@pytest.fixture
def admin():
    return PersonFactory(admin=True)


@pytest.fixture
def person(admin):
    """The admin with an access token."""
    return Client(headers={"authorization": f"Bearer {token(Client(), admin)}"})


def machine(of, admin, *scopes):
    facts = {"name": "Reader", "scopes": scopes, "days": 1, "origin": Origin()}
    return Client(headers={"authorization": f"Bearer {token_create(actor=admin, person=of, **facts)[1]}"})


def version(number, **facts):
    told = {"version": f"1.{number}", "sha256": f"{number:064x}", "labels": ["neutrophil"], "location": "x"}
    return ModelVersion.objects.create(**told, source="imported", **facts)


def results(client, address, **asked):
    answer = client.get(f"/api/v1/{address}", asked)
    assert answer.status_code == 200, answer.content
    return answer.json()["results"]


def order(client, **facts):
    return client.post("/api/v1/tokens", facts, content_type="application/json")


def test_models_with_their_state_and_one_with_figures_and_card(person):
    version(1, state="retired", metrics={"validation": {"accuracy": 0.9}}, card="# Card")
    newest = version(2)
    assert [one["version"] for one in results(person, "models")] == ["1.2", "1.1"]
    (retired,) = results(person, "models", state="retired")
    told = person.get(f"/api/v1/models/{retired['id']}")
    assert told.json()["metrics"] == {"validation": {"accuracy": 0.9}}
    assert (told.json()["card"], told.json()["registered_by"]) == ("# Card", None)
    again = person.get(f"/api/v1/models/{retired['id']}", headers={"If-None-Match": told["ETag"]})
    assert (again.status_code, again.content) == (304, b"")
    first = person.get("/api/v1/models", {"limit": 1}).json()
    assert [one["id"] for one in first["results"]] == [str(newest.pk)]
    assert [one["id"] for one in person.get(first["next"]).json()["results"]] == [retired["id"]]


def test_data_sets_and_trainings(person, admin):
    held = DataSet.objects.create(name="Ours", license="MIT", source="here", created_by=admin)
    for number in (1, 2):
        DataSetVersion.objects.create(
            dataset=held, number=number, origin="zip", created_by=admin, counts={"cells": 7}, state="refused"
        )
    (told,) = results(person, "data-sets")
    assert [(one["number"], one["cells"], one["sha256"]) for one in told["versions"]] == [
        (2, 7, None),
        (1, 7, None),
    ]
    TrainingRun.objects.create(recipe="head", started_by=admin, state="done", result=version(3))
    TrainingRun.objects.create(recipe="blocks", started_by=admin)
    assert [one["recipe"] for one in results(person, "training-runs")] == ["blocks", "head"]
    (done,) = results(person, "training-runs", state="done")
    assert done["model"] == str(ModelVersion.objects.get().pk)
    assert done["started_by"] == {"id": str(admin.pk), "name": admin.name}


def test_people_and_sites(person, admin):
    gone = PersonFactory(is_active=False)
    assert {one["email"] for one in results(person, "people")} == {admin.email, gone.email}
    (told,) = results(person, "people", state="deactivated")
    assert (told["active"], told["role"], told["site"]["name"]) == (False, "technician", gone.site.name)
    names = [one["name"] for one in results(person, "sites")]
    assert names == sorted(names)
    assert gone.site.name in names


def test_reading_the_log_is_in_the_log_with_the_names_of_the_filters(person, admin):
    (signed_in,) = results(person, "audit", event="signin.succeeded", date_from="2020-01-01")
    assert (signed_in["person"], signed_in["email"]) == (str(admin.pk), admin.email)
    read = AuditEvent.objects.get(event="audit.read")
    assert (read.actor, read.detail) == (admin, {"filters": ["event", "date_from"]})
    assert results(person, "audit", date_to="0001-01-01") == []
    assert results(person, "audit", date_from="9999-12-31") == []
    assert len(results(person, "audit", person=admin.pk)) == AuditEvent.objects.count()


@pytest.mark.parametrize(
    ("address", "asked"),
    [
        ("models", {"state": "best"}),
        ("people", {"role": "king"}),
        ("audit", {"person": "x"}),
        ("audit", {"date_from": "yesterday"}),
        ("tokens", {"person": "x"}),
    ],
)
def test_a_filter_that_means_nothing_is_told(person, address, asked):
    answer = person.get(f"/api/v1/{address}", asked)
    assert (answer.status_code, answer.json()["code"]) == (422, "invalid")
    assert list(answer.json()["errors"]) == list(asked)


@pytest.mark.parametrize(
    ("whose", "scopes", "models", "others"),
    [
        ("admin", ["admin"], 200, 200),
        ("admin", ["read", "metrics"], 403, 403),
        ("technician", ["admin"], 200, 403),
    ],
)
def test_a_machine_reads_with_the_scope_and_its_persons_role(admin, whose, scopes, models, others):
    client = machine(admin if whose == "admin" else PersonFactory(), admin, *scopes)
    addresses = ("data-sets", "training-runs", "people", "sites", "audit")
    assert {one: client.get(f"/api/v1/{one}").status_code for one in addresses} == dict.fromkeys(
        addresses, others
    )
    assert client.get("/api/v1/models").status_code == models
    agents = [event.agent.split(" ")[0] for event in AuditEvent.objects.filter(event="audit.read")]
    assert agents == (["Reader"] if others == 200 else [])


def test_a_token_is_told_once_works_and_ends(person, admin, mailoutbox, settings):
    settings.MAIL_ENABLED = True
    scanner = PersonFactory()
    made = order(person, person=str(scanner.pk), name="Scanner 2", scopes=["read", "predict"], days=30)
    assert made.status_code == 201, made.content
    told = made.json()
    assert told["scopes"] == ["predict", "read"]
    assert (told["person"]["id"], told["made_by"]["id"]) == (str(scanner.pk), str(admin.pk))
    days = (MachineToken.objects.get().expires_at - timezone.now()).total_seconds() / 86_400
    assert 29.9 < days <= 30
    assert [mail.to for mail in mailoutbox] == [[scanner.email]]
    assert AuditEvent.objects.filter(event="token.created", actor=admin).count() == 1
    assert told["token"] not in json.dumps(results(person, "tokens"))
    assert [one["id"] for one in results(person, "tokens", person=scanner.pk)] == [told["id"]]
    assert results(person, "tokens", person=admin.pk) == []
    program = Client(headers={"authorization": f"Bearer {told['token']}"})
    nothing = "/api/v1/fields/00000000-0000-0000-0000-000000000000"
    assert program.get(nothing).status_code == 404
    for _ in range(2):
        assert person.delete(f"/api/v1/tokens/{told['id']}").status_code == 204
    assert program.get(nothing).status_code == 401
    assert AuditEvent.objects.filter(event="token.revoked").count() == 1


def test_no_machine_token_makes_another(admin):
    client = machine(admin, admin, *MachineToken.Scope.values)
    facts = {"person": str(admin.pk), "name": "More", "scopes": ["admin"], "days": 365}
    assert order(client, **facts).status_code == 403
    assert client.get("/api/v1/tokens").status_code == 403
    assert client.delete(f"/api/v1/tokens/{MachineToken.objects.get().pk}").status_code == 403
    assert MachineToken.objects.filter(revoked_at=None).count() == 1


def test_an_old_sign_in_is_no_proof(person, admin, settings):
    facts = {"person": str(admin.pk), "name": "Later", "scopes": ["read"], "days": 1}
    session = Session.objects.get().get_decoded()
    assert session["account_authentication_methods"][0]["at"] > time.time() - 60
    settings.ACCOUNT_REAUTHENTICATION_TIMEOUT = 0
    answer = order(person, **facts)
    assert (answer.status_code, answer.json()["code"]) == (403, "proof_needed")
    # A cookie beside the token, or a session without any proof, changes nothing.
    settings.ACCOUNT_REAUTHENTICATION_TIMEOUT = 900
    forced = Client()
    forced.force_login(admin)
    assert order(forced, **facts).json()["code"] == "proof_needed"
    assert not MachineToken.objects.exists()
    assert order(person, **facts).status_code == 201


def test_a_wrong_order_names_each_value(person):
    answer = order(person, person="x", name="", scopes=["all"], days=366)
    assert (answer.status_code, answer.json()["code"]) == (422, "invalid")
    assert set(answer.json()["errors"]) == {"person", "name", "scopes", "days"}
    more = order(person, name="x", scopes=["read"], days=1, role="admin")
    assert list(more.json()["errors"]) == ["role"]
    gone = PersonFactory(is_active=False)
    refused = order(person, person=str(gone.pk), name="x", scopes=["read"], days=1)
    assert (refused.status_code, refused.json()["code"]) == (409, "deactivated")
