"""The log's chain: it holds under load, and whatever its owner does to it past the triggers is found."""

import csv
import io
import json
import threading

import pytest
from django.core.management import CommandError, call_command
from django.db import DatabaseError, connection, connections, transaction
from django.urls import reverse

from accounts.audit.chain import BEGINNING, verify
from accounts.audit.heads import read_head, signed_head
from accounts.audit.models import AuditEvent, ChainHead
from accounts.audit.record import record
from accounts.errors import HeadUnreadable
from tests.accounts.factories import PersonFactory
from tests.database import as_owner

# A copy of the first event as the eleventh, with a hash that somebody made up.
KEPT = (
    "at, event, actor_id, actor_email, actor_role, subject_type, subject_id, site_id,"
    " address, agent, outcome, detail"
)
PUT_IN = (
    f"INSERT INTO audit_auditevent (id, hash, {KEPT}) OVERRIDING SYSTEM VALUE "
    f"SELECT 11, repeat('a', 64), {KEPT} FROM audit_auditevent WHERE id = 1"
)
pytestmark = pytest.mark.django_db(transaction=True)


@pytest.fixture
def written():
    """Ten events with every kind of text in them."""
    person = PersonFactory(name="Åsa 王")
    for number in range(10):
        with transaction.atomic():
            record(
                "portal.tested", actor=person, detail={"n": number, "says": 'é "quoted" \\ 王 😀', "x": 1.50}
            )


def tamper(*statements):
    """Do as the owner of the tables what the triggers refuse, by switching them off."""
    with as_owner() as cursor:
        cursor.execute("ALTER TABLE audit_auditevent DISABLE TRIGGER USER")
        for statement in statements:
            cursor.execute(statement)
        cursor.execute("SET CONSTRAINTS ALL IMMEDIATE")
        cursor.execute("ALTER TABLE audit_auditevent ENABLE ALWAYS TRIGGER audit_only_grows")
        cursor.execute("ALTER TABLE audit_auditevent ENABLE ALWAYS TRIGGER audit_chained")


def test_the_empty_log_is_whole():
    verdict = verify()
    assert (verdict.whole, verdict.events, verdict.hash) == (True, 0, BEGINNING)


def test_events_are_numbered_without_a_gap_even_where_transactions_roll_back(written):
    with transaction.atomic():
        record("portal.tested", actor=None)
        transaction.set_rollback(True)
    with transaction.atomic():
        record("portal.tested", actor=None)
    assert list(AuditEvent.objects.order_by("id").values_list("id", flat=True)) == list(range(1, 12))
    assert verify().whole


def test_nobody_chooses_number_time_or_hash():
    with transaction.atomic():
        event = AuditEvent.objects.create(
            id=77, at="2001-01-01T00:00:00Z", event="portal.tested", hash="f" * 64, actor=None
        )
    stored = AuditEvent.objects.get()
    assert (stored.pk, stored.at.year > 2020) == (1, True)
    assert stored.hash not in {"f" * 64, BEGINNING}
    assert event.event == "portal.tested"
    assert verify().whole


def test_many_at_once_make_one_chain():
    def write():
        try:
            for _turn in range(25):
                with transaction.atomic():
                    record("portal.tested", actor=None)
        finally:
            connections.close_all()

    threads = [threading.Thread(target=write) for _each in range(6)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    verdict = verify()
    assert (verdict.whole, verdict.events, verdict.last) == (True, 150, 150)


@pytest.mark.parametrize(
    ("statements", "fault"),
    [
        (["UPDATE audit_auditevent SET outcome = 'refused' WHERE id = 4"], "Event 4 was changed"),
        (
            ["UPDATE audit_auditevent SET at = at + interval '1 microsecond' WHERE id = 4"],
            "Event 4 was changed",
        ),
        (["UPDATE audit_auditevent SET detail = '{}' WHERE id = 4"], "Event 4 was changed"),
        (["UPDATE audit_auditevent SET actor_id = NULL WHERE id = 4"], "Event 4 was changed"),
        (["DELETE FROM audit_auditevent WHERE id IN (4, 5)"], "Events 4 to 5 are missing"),
        (["DELETE FROM audit_auditevent WHERE id = 1"], "Event 1 is missing"),
        (["DELETE FROM audit_auditevent WHERE id = 10"], "Event 10 is missing"),
        (["TRUNCATE audit_auditevent"], "Events 1 to 10 are missing"),
        (
            [
                "DELETE FROM audit_auditevent WHERE id = 4",
                "UPDATE audit_auditevent SET id = id - 1 WHERE id > 4",
            ],
            "Event 4 was changed",
        ),
        (
            [
                "UPDATE audit_auditevent SET id = 99 WHERE id = 4",
                "UPDATE audit_auditevent SET id = 4 WHERE id = 5",
                "UPDATE audit_auditevent SET id = 5 WHERE id = 99",
            ],
            "Event 4 was changed",
        ),
        (
            [
                PUT_IN,
            ],
            "Event 11 was changed, put in",
        ),
        (["DELETE FROM audit_chainhead"], "The head of the chain is gone"),
    ],
)
def test_what_the_owner_does_past_the_triggers_is_found(written, statements, fault):
    assert verify().whole
    tamper(*statements)
    verdict = verify()
    assert not verdict.whole
    assert any(fault in one for one in verdict.faults), verdict.faults


def test_an_event_forged_with_its_hash_breaks_the_next(written):
    columns = "unnest(audit_columns(e)) WITH ORDINALITY AS each (value, place)"
    told = f"SELECT string_agg(octet_length(value) || ':' || value, '' ORDER BY place) FROM {columns}"
    before = "SELECT hash FROM audit_auditevent WHERE id = 3"
    tamper(
        "UPDATE audit_auditevent SET outcome = 'refused' WHERE id = 4",
        "UPDATE audit_auditevent e SET hash ="
        f" encode(sha256(convert_to(({before}) || ({told}), 'UTF8')), 'hex') WHERE id = 4",
    )
    assert [fault[:20] for fault in verify().faults] == ["Event 5 was changed,"]


def test_an_end_cut_off_with_its_head_is_shown_by_an_exported_head(written, tmp_path, capsys):
    call_command("audit", "head")
    kept = tmp_path / "head.json"
    kept.write_text(capsys.readouterr().out)
    tamper(
        "DELETE FROM audit_auditevent WHERE id > 7",
        "UPDATE audit_chainhead SET last = 7, hash = (SELECT hash FROM audit_auditevent WHERE id = 7)",
    )
    assert verify().whole
    with pytest.raises(CommandError, match=r"Event 10, which was exported earlier, is missing\."):
        call_command("audit", "verify", str(kept))


def test_a_rewritten_log_is_shown_by_an_exported_head(written, tmp_path):
    kept = tmp_path / "head.json"
    kept.write_text(signed_head())
    tamper(
        "DELETE FROM audit_auditevent WHERE id = 10",
        "UPDATE audit_chainhead SET last = 9, hash = (SELECT hash FROM audit_auditevent WHERE id = 9)",
    )
    with transaction.atomic():
        record("portal.tested", actor=None, detail={"another": "story"})
    with pytest.raises(CommandError, match="Event 10 is not the one that was exported earlier"):
        call_command("audit", "verify", str(kept))


def test_a_head_is_of_this_portal_and_unaltered(written, settings):
    text = signed_head()
    assert read_head(text) == (10, ChainHead.objects.get().hash)
    altered = json.dumps({**json.loads(text), "last": 9})
    for wrong in (altered, "", "{}", "[]", text.replace('"key": "', '"key": "A')):
        with pytest.raises(HeadUnreadable):
            read_head(wrong)
    settings.SECRET_KEY_FALLBACKS = [settings.SECRET_KEY]
    settings.SECRET_KEY = "another" * 10
    assert read_head(text)[0] == 10
    settings.SECRET_KEY_FALLBACKS = []
    with pytest.raises(HeadUnreadable, match="another portal"):
        read_head(text)


def test_the_command_verifies_and_says_so_in_the_log(written, capsys):
    call_command("audit", "verify")
    assert "The log is whole: 10 events" in capsys.readouterr().out
    event = AuditEvent.objects.first()
    assert (event.event, event.detail) == ("audit.verified", {"events": 10, "last": 10, "faults": 0})


@pytest.mark.parametrize("statement", ["UPDATE audit_chainhead SET last = 0", "DELETE FROM audit_chainhead"])
def test_the_application_may_not_write_the_head(written, statement):
    with pytest.raises(DatabaseError, match="permission denied"), transaction.atomic():
        connection.cursor().execute(statement)


def test_admins_verify_export_and_take_the_head_on_the_page(written, client):
    admin = PersonFactory(admin=True)
    client.force_login(admin)
    assert "The log is whole" in client.post(reverse("audit_verify")).content.decode()
    head = client.post(reverse("audit_head"))
    assert read_head(head.content.decode())[0] == ChainHead.objects.get().last
    answer = client.get(reverse("audit_export"), {"event": "portal.tested"})
    rows = list(csv.DictReader(io.StringIO(b"".join(answer.streaming_content).decode())))
    assert [row["number"] for row in rows] == [str(number) for number in range(10, 0, -1)]
    assert rows[0]["hash"] == AuditEvent.objects.get(pk=10).hash
    assert json.loads(rows[0]["detail"])["says"] == 'é "quoted" \\ 王 😀'
    assert AuditEvent.objects.get(event="audit.exported").detail == {"filters": ["event"]}
    tamper("UPDATE audit_auditevent SET outcome = 'refused' WHERE id = 4")
    assert "Event 4 was changed" in client.post(reverse("audit_verify")).content.decode()
    assert AuditEvent.objects.first().outcome == "failed"
