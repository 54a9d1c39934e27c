"""Sensitive acts ask for a fresh proof of identity, and go on by themselves after it."""

import pytest

from accounts.audit.models import AuditEvent
from accounts.models import User
from accounts.web.limits import BEGUN
from tests.accounts.factories import PASSWORD, PersonFactory

pytestmark = pytest.mark.django_db


@pytest.fixture
def admin(client, settings):
    """An admin whose sign-in lies so far back that it proves nothing any more."""
    person = PersonFactory(admin=True)
    client.force_login(person)
    client.get("/people/")
    session = client.session
    session[BEGUN] -= settings.ACCOUNT_REAUTHENTICATION_TIMEOUT + 1
    session.save()
    return person


def test_looking_needs_no_proof(client, admin):
    assert client.get("/people/new/").status_code == 200
    assert client.get(f"/people/{admin.pk}/").status_code == 200


def test_a_new_person_waits_for_the_proof_and_is_then_made(client, admin):
    facts = {"email": "new@example.org", "name": "New", "role": "doctor", "site": str(admin.site_id)}
    asked = client.post("/people/new/", facts)
    assert asked["Location"] == "/accounts/reauthenticate/?next=%2Fpeople%2Fnew%2F"
    assert not User.objects.filter(email="new@example.org").exists()
    wrong = client.post(asked["Location"], {"password": "wrong"})
    assert wrong.status_code == 200
    assert not User.objects.filter(email="new@example.org").exists()

    made = client.post(asked["Location"], {"password": PASSWORD})

    assert b"/welcome/" in made.content
    assert User.objects.get(email="new@example.org").role == "doctor"
    failed = AuditEvent.objects.get(event="person.identity_not_proved")
    assert (failed.actor, failed.detail) == (admin, {"by": "password"})
    # The proof counts for what follows.
    assert client.post("/people/new/", {**facts, "email": "two@example.org"}).status_code == 200
    assert User.objects.filter(email="two@example.org").exists()


@pytest.mark.parametrize("action", ["role", "link", "deactivate"])
def test_changes_of_people_ask(client, admin, action):
    person = PersonFactory()
    answer = client.post(f"/people/{person.pk}/", {"action": action, "role": "admin"})
    assert answer["Location"].startswith("/accounts/reauthenticate/")
    person.refresh_from_db()
    assert (person.role, person.is_active) == ("technician", True)


def test_exports_of_the_log_ask(client, admin):
    assert client.get("/audit/export/")["Location"].startswith("/accounts/reauthenticate/")
    assert client.post("/audit/head/")["Location"].startswith("/accounts/reauthenticate/")
    assert not AuditEvent.objects.filter(event__startswith="audit.exported").exists()


def test_tries_are_limited(client, admin):
    statuses = [client.post("/accounts/reauthenticate/", {"password": "no"}).status_code for _ in range(12)]
    assert statuses == [200] * 10 + [429] * 2
