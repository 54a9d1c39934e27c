"""The page of the log: filters, pages by key, and a trace of every reader."""

import pytest
from django.db import transaction

from accounts.audit.models import AuditEvent
from accounts.audit.record import record
from accounts.audit.selectors import AuditFilters, audit_page
from accounts.audit.telling import told
from accounts.services import person_change_role
from tests.accounts.factories import PersonFactory

pytestmark = pytest.mark.django_db


@pytest.fixture
def admin(client):
    person = PersonFactory(admin=True)
    client.force_login(person)
    return person


def shown(answer):
    return [event.event for event in answer.context["page"].events]


def test_reading_the_log_is_recorded_with_the_filters_used(client, admin):
    assert shown(client.get("/audit/")) == []
    assert shown(client.get("/audit/?event=audit.read")) == ["audit.read"]
    event = AuditEvent.objects.first()
    assert (event.event, event.actor) == ("audit.read", admin)
    assert event.detail == {"filters": ["event"], "before": None}


def test_no_page_of_the_log_can_be_read_without_a_trace(client, admin):
    client.get("/audit/?before=999999999999999999")
    assert AuditEvent.objects.filter(event="audit.read").count() == 1


def test_filters_narrow_by_event_person_object_and_day(client, admin):
    person, other = PersonFactory(), PersonFactory()
    person_change_role(actor=admin, person=person, role="doctor")
    with transaction.atomic():
        record("portal.tested", actor=other)

    def found(query):
        return shown(client.get(f"/audit/?{query}"))

    assert found("event=portal.tested") == ["portal.tested"]
    assert found(f"person={other.pk}") == ["portal.tested"]
    assert found(f"subject={person.pk}") == ["person.role_changed"]
    assert found(f"subject={person.pk}&date_from=2000-01-01") == ["person.role_changed"]
    assert found(f"subject={person.pk}&date_from=2999-01-01") == []
    assert found(f"subject={person.pk}&date_to=2000-01-01") == []


@pytest.mark.parametrize(
    "query",
    ["event=nonsense", "person=x", "date_from=yesterday", "date_to=9999-12-31", "before=x", "before=-1",
     "before=99999999999999999999999", "before=٣", "subject=%00", "subject=" + "x" * 500],
)  # fmt: skip
def test_nonsense_in_a_filter_is_no_error(client, admin, query):
    assert client.get(f"/audit/?{query}").status_code == 200


def test_pages_follow_the_key_and_miss_nothing_that_comes_in_between():
    for number in range(7):
        record("portal.tested", actor=None, detail={"number": number})
    first = audit_page(filters=AuditFilters(), limit=3)
    record("portal.tested", actor=None, detail={"number": 7})
    second = audit_page(filters=AuditFilters(), before=first.next, limit=3)
    third = audit_page(filters=AuditFilters(), before=second.next, limit=3)

    numbers = [event.detail["number"] for page in (first, second, third) for event in page.events]
    assert numbers == [6, 5, 4, 3, 2, 1, 0]
    assert third.next is None


def test_older_events_keep_the_filters(client, admin):
    for _ in range(51):
        record("portal.tested", actor=None)
    answer = client.get("/audit/?event=portal.tested")
    assert len(shown(answer)) == 50
    assert "event=portal.tested" in answer.context["older"]
    older = client.get(f"/audit/?{answer.context['older']}")
    assert shown(older) == ["portal.tested"]
    assert older.context["older"] == ""


def test_what_stands_in_the_log_is_shown_as_text(client, admin):
    record("portal.tested", actor=None, detail={"<script>": "<img onerror=x>"})
    text = client.get("/audit/").content.decode()
    assert "&lt;script&gt;" in text
    assert "<img onerror" not in text


def test_a_detail_is_told_in_words_and_its_hashes_are_short():
    detail = {"sha256": "ab" * 32, "cells": {"neutrophil": 4, "": 1}, "proof": None, "again": True}
    detail["data"] = {"sets": ["cd" * 32, "Drawn"]}
    assert told(detail) == [
        ("sha256", "abababababab…"),
        ("cells neutrophil", "4"),
        ("cells unidentified", "1"),
        ("proof", "–"),
        ("again", "yes"),
        ("data sets", "cdcdcdcdcdcd…, Drawn"),
    ]
