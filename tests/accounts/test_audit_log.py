"""The log only grows, and an act and its event stand or fall together."""

import pytest
from django.db import DatabaseError, IntegrityError, connection, transaction

from accounts.audit.models import AuditEvent
from accounts.audit.record import record
from accounts.services import person_change_role
from hematovision.core.origin import Origin
from tests.accounts.factories import PersonFactory
from tests.database import as_owner

CHANGES = [
    "UPDATE audit_auditevent SET outcome = 'failed'",
    "DELETE FROM audit_auditevent",
    "DELETE FROM audit_auditevent WHERE false",
    "TRUNCATE audit_auditevent",
    "TRUNCATE audit_auditevent CASCADE",
]


@pytest.mark.django_db
def test_an_event_keeps_who_what_where_and_when():
    admin, person = PersonFactory(admin=True), PersonFactory()

    event = record(
        "person.looked_at",
        actor=admin,
        subject=person,
        origin=Origin(address="192.0.2.7", agent="Firefox"),
        detail={"why": "test"},
    )

    event.refresh_from_db()
    assert (event.actor, event.actor_email, event.actor_role) == (admin, admin.email, "admin")
    assert (event.subject_type, event.subject_id) == ("accounts.user", str(person.pk))
    assert (event.address, event.agent, event.outcome) == ("192.0.2.7", "Firefox", "ok")
    assert event.site == person.site
    assert event.detail == {"why": "test"}


@pytest.mark.django_db
def test_the_time_is_the_databases():
    with connection.cursor() as cursor:
        cursor.execute("SELECT clock_timestamp()")
        before = cursor.fetchone()[0]
        event = record("portal.tested", actor=None)
        event.refresh_from_db()
        cursor.execute("SELECT clock_timestamp()")
        assert before <= event.at <= cursor.fetchone()[0]


@pytest.mark.django_db
def test_the_actors_address_and_role_stay_as_they_were():
    admin, person = PersonFactory(admin=True), PersonFactory(doctor=True)
    event = record("portal.tested", actor=person)

    person_change_role(actor=admin, person=person, role="technician")

    event.refresh_from_db()
    assert event.actor_role == "doctor"


@pytest.mark.django_db(transaction=True)
def test_nothing_is_recorded_outside_a_transaction():
    with pytest.raises(transaction.TransactionManagementError):
        record("portal.tested", actor=None)
    assert not AuditEvent.objects.exists()


@pytest.mark.django_db(transaction=True)
def test_an_act_that_rolls_back_leaves_no_event():
    @transaction.atomic
    def act():
        record("portal.tested", actor=None)
        return 1 / 0

    with pytest.raises(ZeroDivisionError):
        act()
    assert not AuditEvent.objects.exists()


@pytest.mark.django_db(transaction=True)
def test_a_failing_event_takes_the_act_with_it(monkeypatch):
    admin, person = PersonFactory(admin=True), PersonFactory()
    monkeypatch.setattr("accounts.services.record", lambda *_, **__: 1 / 0)

    with pytest.raises(ZeroDivisionError):
        person_change_role(actor=admin, person=person, role="doctor")

    person.refresh_from_db()
    assert person.role == "technician"


@pytest.mark.django_db
@pytest.mark.parametrize("statement", CHANGES)
def test_the_application_may_not_change_the_log(statement):
    record("portal.tested", actor=None)
    with pytest.raises(DatabaseError, match="permission denied"), transaction.atomic():
        connection.cursor().execute(statement)
    assert AuditEvent.objects.count() == 1


@pytest.mark.django_db(transaction=True)
@pytest.mark.parametrize("statement", CHANGES)
def test_the_trigger_stops_the_owner_too(statement):
    with transaction.atomic():
        record("portal.tested", actor=None)
    owner = as_owner()
    with pytest.raises(Exception, match="The audit log only grows"):
        owner.__enter__().execute(statement)
    owner.__exit__(Exception)
    assert AuditEvent.objects.count() == 1


@pytest.mark.django_db(transaction=True)
def test_a_person_in_the_log_cannot_be_emptied_away():
    person = PersonFactory()
    with transaction.atomic():
        record("portal.tested", actor=person)
    with pytest.raises((DatabaseError, IntegrityError)), transaction.atomic():
        person.delete()
    assert AuditEvent.objects.get().actor == person


@pytest.mark.django_db
@pytest.mark.parametrize("name", ["", "Person Created", "person.created; DROP", "person."])
def test_events_are_named_by_rule(name):
    with pytest.raises(IntegrityError, match="audit_event_named"), transaction.atomic():
        record(name, actor=None)
