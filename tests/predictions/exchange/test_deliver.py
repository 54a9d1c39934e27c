"""The outbox: everything arrives once it can, in order, and nothing is sent twice at the same time."""

import json
import threading
import time
from datetime import timedelta

import pytest
from django.db import connections, transaction
from django.db.models import F
from django.db.models.functions import Now
from django.utils import timezone

from accounts.audit.models import AuditEvent
from predictions.models import Delivery, Destination, Event
from predictions.services import deliver, holding
from predictions.services.outbox import post
from predictions.services.patient import patient_erase
from tests.accounts.factories import SiteFactory
from tests.predictions.exchange.receivers import receiving

pytestmark = pytest.mark.django_db


def posted(subject="one", event=Event.TEST, **about):
    with transaction.atomic():
        post(event, subject=subject, **about)


def posted_analysed(subject="one"):
    """An event that is tried again, other than a test."""
    posted(subject, Event.ANALYSED)


def later(**ago):
    """Let time pass for all that waits."""
    Delivery.objects.update(
        next_at=F("next_at") - timedelta(**ago), give_up_at=F("give_up_at") - timedelta(**ago)
    )
    Destination.objects.update(leased_until=F("leased_until") - timedelta(**ago))


def bodies(server):
    return [json.loads(body) for _headers, body in server.came]


def test_what_was_posted_is_delivered_once(destination):
    with receiving() as server:
        one = destination(server.url)
        posted_analysed()
        posted_analysed()
        assert deliver.deliver(one.pk) == 1
        assert deliver.deliver(one.pk) == 0
    delivery = Delivery.objects.get()
    assert bodies(server) == [{"event": "sample.analysed", "secret": "a secret"}]
    assert server.came[0][0]["Message-Id"] == str(delivery.key)
    assert (delivery.state, delivery.attempts, delivery.last_answer) == ("delivered", 1, "HTTP 200 so be it")
    assert AuditEvent.objects.filter(event="delivery.made", subject_id=str(delivery.pk)).count() == 1


def test_nothing_is_posted_when_the_work_rolls_back(destination):
    destination()
    with transaction.atomic():
        post(Event.ANALYSED, subject="one")
        transaction.set_rollback(True)
    assert not Delivery.objects.exists()


def test_only_who_listens_and_may_know_is_told(destination, case):
    own, elsewhere = case.sample.site, SiteFactory()
    right = [destination(), destination(site=own)]
    destination(site=elsewhere)
    destination(events=["model.promoted"])
    posted(str(case.sample.pk), Event.ANALYSED, sample=case.sample)
    assert set(Delivery.objects.values_list("destination", flat=True)) == {one.pk for one in right}


def test_refused_for_good_is_given_up_at_once(destination):
    with receiving(404) as server:
        one = destination(server.url)
        posted_analysed()
        assert deliver.deliver(one.pk) == 0
    delivery = Delivery.objects.get()
    assert (delivery.state, delivery.last_answer) == ("dead", "HTTP 404 so be it")
    assert AuditEvent.objects.filter(event="delivery.given_up", outcome="failed").count() == 1


def test_a_receiver_in_trouble_is_asked_again_later_and_what_waits_goes_out_when_it_is_back(destination):
    with receiving(503, 503, 200) as server:
        one = destination(server.url)
        for subject in ("one", "two"):
            posted_analysed(subject)
        assert deliver.deliver(one.pk) == 0
        first = Delivery.objects.get(subject="one")
        assert (first.state, first.last_answer) == ("waiting", "HTTP 503 so be it")
        # The first waits for a minute; the second is tried meanwhile, in a round of its own.
        assert deliver.deliver(one.pk) == 0
        assert deliver.deliver(one.pk) == 0
        assert len(server.came) == 2
        Delivery.objects.filter(subject="one").update(next_at=Now())
        assert deliver.deliver(one.pk) == 2
    assert Destination.objects.get().failures == 0
    assert set(Delivery.objects.values_list("state", flat=True)) == {"delivered"}


def test_dead_for_a_while_then_back(destination):
    with receiving() as server:
        one = destination(server.url)
    posted_analysed()
    assert deliver.deliver(one.pk) == 0
    assert "refused" in Delivery.objects.get().last_answer
    later(minutes=2)
    with receiving(port=server.server_port) as again:
        assert deliver.deliver(one.pk) == 1
    assert len(again.came) == 1


def test_pauses_grow_to_hours_and_trying_ends_after_three_days(destination):
    pauses = [deliver.pause(attempts).total_seconds() for attempts in range(1, 30)]
    assert 48 <= pauses[0] <= 72
    assert all(6 * 3600 * 0.8 <= seconds <= 6 * 3600 * 1.2 for seconds in pauses[10:])
    with receiving(500) as server:
        one = destination(server.url)
        posted_analysed()
        deliver.deliver(one.pk)
        later(days=3)
        deliver.deliver(one.pk)
    assert Delivery.objects.get().state == "dead"
    assert len(server.came) == 2


def test_a_courier_that_dies_after_sending_sends_the_same_key_again(destination, monkeypatch):
    with receiving() as server:
        one = destination(server.url)
        posted_analysed()
        with monkeypatch.context() as patch:
            patch.setattr(deliver, "store", lambda *_: (_ for _ in ()).throw(KeyboardInterrupt))
            with pytest.raises(KeyboardInterrupt):
                deliver.deliver(one.pk)
        # Its lease still runs, so nobody else comes in between.
        later(seconds=15)
        assert (deliver.sweep(), deliver.deliver(one.pk)) == (0, 0)
        later(seconds=6)
        monkeypatch.setattr(deliver, "ring", lambda *_message: True)
        assert (deliver.sweep(), deliver.deliver(one.pk)) == (1, 1)
    keys = [headers["Message-Id"] for headers, _body in server.came]
    assert keys == [str(Delivery.objects.get().key)] * 2
    assert Delivery.objects.get().attempts == 2


def test_a_courier_that_comes_back_late_changes_nothing(destination):
    with receiving(200, 404) as server:
        one = destination(server.url)
        posted_analysed()
        late = deliver.claim(one.pk)
        later(minutes=5)
        assert deliver.deliver(one.pk) == 1
        assert not deliver.store(late, deliver.send(late.delivery))
    assert Delivery.objects.get().state == "delivered"


def test_a_second_version_waits_for_the_first(destination, case):
    with receiving(503, 200) as server:
        one = destination(server.url, kind="webhook", events=["report.signed", "report.amended"])
        other = destination(server.url, events=["report.amended"])
        for event in (Event.SIGNED, Event.AMENDED):
            report = case.sign()
            posted(str(report.pk), event, sample=case.sample, report=report)
        assert deliver.deliver(one.pk) == 0
        # The second is due, but the first has not arrived. Another destination does not wait for it.
        assert deliver.deliver(one.pk) == 0
        assert deliver.deliver(other.pk) == 1
        later(minutes=2)
        assert deliver.deliver(one.pk) == 2
    assert [body["version"] for body in bodies(server)] == [1, 2, 1, 2]


def test_what_cannot_be_made_stops_nothing_else(destination, monkeypatch):
    calls = []

    def poisoned(receiver, message):
        calls.append(message)
        if len(calls) == 1:
            raise ValueError("P-77")
        return tiny(receiver, message)

    tiny = deliver.TRANSPORTS["webhook"]
    monkeypatch.setitem(deliver.TRANSPORTS, "webhook", poisoned)
    with receiving() as server:
        one = destination(server.url)
        posted_analysed("one")
        posted_analysed("two")
        assert deliver.deliver(one.pk) == 0
        assert "ValueError" in Delivery.objects.get(subject="one").last_answer
        assert "P-77" not in str(Delivery.objects.values())
        assert deliver.deliver(one.pk) == 2


def test_a_webhook_that_fails_twenty_times_in_a_row_is_disabled_and_keeps_what_is_posted(destination):
    with receiving(410) as server:
        one = destination(server.url)
        for number in range(25):
            posted_analysed(str(number))
        deliver.deliver(one.pk)
        assert len(server.came) == 20
    one.refresh_from_db()
    assert (one.active, one.failures) == (False, 20)
    assert AuditEvent.objects.filter(event="destination.disabled").count() == 1
    posted_analysed("later")
    assert Delivery.objects.filter(state="waiting").count() == 6
    assert deliver.sweep() == 0


def test_a_test_is_tried_once_even_while_disabled_and_counts_for_nothing(destination):
    with receiving(503) as server:
        one = destination(server.url, active=False, disabled_at=Now(), disabled_reason="Moved.")
        posted()
        deliver.deliver(one.pk)
    assert Delivery.objects.get().state == "dead"
    assert Destination.objects.get().failures == 0


@pytest.mark.django_db(transaction=True)
def test_deliveries_go_with_the_patient(destination, case, admin):
    destination()
    report = case.sign()
    posted(str(report.pk), Event.SIGNED, sample=case.sample, report=report)
    patient_erase(actor=admin, samples=[case.sample], reason="Asked for.")
    assert not Delivery.objects.exists()


@pytest.mark.django_db(transaction=True)
def test_a_call_longer_than_the_lease_is_of_one_courier_as_long_as_it_lives(destination, monkeypatch):
    monkeypatch.setattr(holding, "LEASE", timedelta(milliseconds=500))
    monkeypatch.setattr(holding, "RENEWED_EVERY", 0.03)
    began = threading.Event()

    def slow(handler):
        began.set()
        time.sleep(0.9)
        handler.send_response(200)
        handler.end_headers()

    def courier():
        deliver.deliver(one.pk)
        connections.close_all()

    with receiving(slow) as server:
        one = destination(server.url)
        posted_analysed()
        thread = threading.Thread(target=courier)
        thread.start()
        began.wait(10)
        while thread.is_alive():
            Delivery.objects.filter(state="waiting").update(next_at=Now())
            assert deliver.claim(one.pk) is None or not thread.is_alive()
            time.sleep(0.05)
        thread.join()
    assert (len(server.came), Delivery.objects.get().state) == (1, "delivered")


@pytest.mark.django_db(transaction=True)
def test_a_lease_that_another_courier_has_is_not_renewed(destination, monkeypatch):
    monkeypatch.setattr(holding, "RENEWED_EVERY", 0.01)
    one = destination()
    posted_analysed()
    late = deliver.claim(one.pk)
    later(seconds=30)
    mine = deliver.claim(one.pk)
    assert mine.fence == late.fence + 1
    Destination.objects.update(leased_until=(until := timezone.now() + timedelta(seconds=1)))
    with holding.renewed(late):
        time.sleep(0.05)
    assert Destination.objects.get().leased_until == until
    with holding.renewed(mine):
        time.sleep(0.1)
    assert Destination.objects.get().leased_until > until


@pytest.mark.django_db(transaction=True)
def test_couriers_at_once_send_nothing_twice(destination):
    busy, most = [], []

    def slow(handler):
        busy.append(handler)
        most.append(len(busy))
        threading.Event().wait(0.05)
        busy.remove(handler)
        handler.send_response(200)
        handler.end_headers()

    with receiving(slow) as server:
        one = destination(server.url)
        for number in range(8):
            posted_analysed(str(number))

        def courier():
            deliver.deliver(one.pk)
            connections.close_all()

        couriers = [threading.Thread(target=courier) for _ in range(4)]
        for thread in couriers:
            thread.start()
        for thread in couriers:
            thread.join()
    keys = [headers["Message-Id"] for headers, _body in server.came]
    assert len(keys) == len(set(keys)) == 8
    assert max(most) == 1


def test_the_sweep_rings_for_what_is_due(destination, monkeypatch):
    rung = []
    monkeypatch.setattr(deliver, "ring", lambda *message: rung.append(message) or True)
    one, other = destination(), destination()
    posted_analysed()
    Delivery.objects.filter(destination=other).update(next_at=Now() + timedelta(hours=1))
    assert deliver.sweep() == 1
    assert rung == [("predictions.deliver", str(one.pk))]
