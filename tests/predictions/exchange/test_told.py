"""From a signature to a laboratory's system and to a webhook, through the outbox and real listeners."""

import json
import re

import pytest

from accounts.audit.models import AuditEvent
from predictions.exchange import webhook
from predictions.models import Delivery, Sample
from predictions.services import deliver, report_amend, report_sign
from predictions.services.reports import Intent
from tests.predictions.exchange import listeners
from tests.predictions.exchange.listeners import ack, listening
from tests.predictions.exchange.receivers import receiving
from tests.predictions.exchange.signed_facts import read
from tests.predictions.exchange.test_deliver import later
from tests.predictions.test_reports import HERE, NEVERTHELESS, name_cell

pytestmark = pytest.mark.django_db


@pytest.fixture
def signing(case):
    """Sign the next version, for which cells are named again after it was begun."""

    def signing(*names):
        if case.sample.reports.exists():
            report_amend(actor=case.doctor, origin=HERE, sample_id=case.sample.pk, reason="Corrected.")
        for place, code in enumerate(names):
            name_cell(case.sample, case.doctor, code, place=place)
        revision = Sample.objects.get(pk=case.sample.pk).revision
        intent = Intent(revision=revision, override=NEVERTHELESS, verify_at="http://x/verify/")
        return report_sign(actor=case.doctor, origin=HERE, sample_id=case.sample.pk, intent=intent)

    return signing


def states():
    return list(Delivery.objects.order_by("pk").values_list("state", flat=True))


def told(message):
    """Value and status of the shares that were found, and of the count."""
    results = {obx.obx_3.to_er7().split("^")[-3]: obx for obx in message.obx}
    return {
        code: (results[code].obx_5.to_er7(), results[code].obx_11.to_er7())
        for code in ("neutrophil", "blast", "counted")
    }


def test_a_signed_report_and_its_correction_arrive_by_hl7(case, signing, destination):
    with listening() as server:
        lis = destination(server.url, kind="hl7", events=["report.signed", "report.amended"])
        signing("blast")
        assert deliver.deliver(lis.pk) == 1
        second = signing("neutrophil")
        assert deliver.deliver(lis.pk) == 1
    assert states() == ["delivered", "delivered"]
    first, correction = map(read, server.came)
    assert [one.obr.obr_25.to_er7() for one in (first, correction)] == ["F", "C"]
    assert first.obr.obr_3.to_er7() == correction.spm.spm_2.to_er7().strip("^") == case.sample.accession
    assert told(first) == {"neutrophil": ("66.7", "F"), "blast": ("33.3", "F"), "counted": ("3", "F")}
    assert told(correction) == {"neutrophil": ("100.0", "C"), "blast": ("", "D"), "counted": ("3", "C")}
    key = Delivery.objects.get(report=second).key
    assert correction.msh.msh_10.to_er7() == key.hex[:20]


def test_a_receiver_with_an_error_gets_it_later(signing, destination):
    with listening(ack("AE"), listeners.closed, ack("AA")) as server:
        lis = destination(server.url, kind="hl7")
        signing()
        assert deliver.deliver(lis.pk) == 0
        assert Delivery.objects.get().last_answer == "MSA AE"
        for expected in (0, 1):
            later(hours=1)
            assert deliver.deliver(lis.pk) == expected
    assert len({read(message).msh.msh_10.to_er7() for message in server.came}) == 1
    delivery = Delivery.objects.get()
    assert (delivery.state, delivery.attempts, delivery.last_answer) == ("delivered", 3, "MSA AA")


def test_what_was_signed_while_a_receiver_was_dead_arrives_in_order(signing, destination):
    with listening() as server:
        lis, port = destination(server.url, kind="hl7"), server.port
    signing()
    assert deliver.deliver(lis.pk) == 0
    assert Delivery.objects.get().last_answer == "The connection failed: Connection refused."
    signing()
    assert deliver.deliver(lis.pk) == 0
    later(hours=1)
    with listening(port=port) as server:
        assert deliver.deliver(lis.pk) == 2
    assert states() == ["delivered", "delivered"]
    assert [read(message).obr.obr_25.to_er7() for message in server.came] == ["F", "C"]


def test_a_refused_report_is_given_up_and_its_correction_still_arrives(signing, destination):
    with listening(ack("AR"), ack("AA")) as server:
        lis = destination(server.url, kind="hl7")
        signing()
        deliver.deliver(lis.pk)
        signing()
        deliver.deliver(lis.pk)
    assert states() == ["dead", "delivered"]


def test_a_webhook_is_told_of_it_in_ids_alone(case, signing, destination, monkeypatch):
    monkeypatch.setitem(deliver.TRANSPORTS, "webhook", webhook.push)
    with receiving(500, 200) as server:
        hook = destination(server.url)
        report = signing()
        deliver.deliver(hook.pk)
        later(hours=1)
        deliver.deliver(hook.pk)
    assert set(states()) == {"delivered"}
    bodies = [json.loads(body) for _headers, body in server.came]
    told = bodies[-1]
    assert (told["event"], told["report"], told["sample"]) == (
        "report.signed",
        str(report.pk),
        str(case.sample.pk),
    )
    private = re.compile(f"{case.sample.accession}|{case.sample.patient_reference}|{case.doctor.name}")
    assert not [body for _headers, body in server.came if private.search(body.decode())]


def test_a_webhook_that_is_gone_is_disabled_at_once(signing, destination, monkeypatch):
    monkeypatch.setitem(deliver.TRANSPORTS, "webhook", webhook.push)
    with receiving(410) as server:
        hook = destination(server.url)
        signing()
        signing()
        deliver.deliver(hook.pk)
    assert len(server.came) == 1
    hook.refresh_from_db()
    assert not hook.active
    assert "410" in hook.disabled_reason
    assert states() == ["dead", "waiting"]
    assert AuditEvent.objects.filter(event="destination.disabled").count() == 1
