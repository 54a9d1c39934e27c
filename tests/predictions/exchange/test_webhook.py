"""Webhooks: what a real receiver gets, that it can check it as the manual says, and what its answers mean."""

import json
import re
import time
from pathlib import Path
from uuid import UUID

import pytest

from predictions.exchange import webhook
from predictions.exchange.addresses import OutboundProblem
from predictions.exchange.answer import Message, Receiver
from predictions.models import Event
from tests.predictions.exchange.receivers import LOOPBACK, receiving
from tests.predictions.exchange.signed_facts import signed
from tests.predictions.report import examples

MANUAL = Path(__file__).parents[3] / "docs" / "webhooks.md"
KEY = UUID("12345678-1234-5678-1234-567812345678")
SAMPLE, REPORT = str(UUID(int=1)), str(UUID(int=2))
SECRET = "a secret – of 26 characters"


@pytest.fixture(autouse=True)
def loopback_is_allowed(settings):
    settings.OUTBOUND_PRIVATE_NETWORKS = LOOPBACK


@pytest.fixture(scope="module")
def genuine():
    """The check that the manual gives to receivers."""
    (recipe,) = re.findall(r"```python\n(.*?)```", MANUAL.read_text(), re.DOTALL)
    known = {}
    exec(recipe, known)
    return known["genuine"]


def message(event="report.signed", **facts):
    return Message(KEY, event, examples.moment(11, 47), facts, signed() if "report" in facts else None)


def push(url, told):
    return webhook.push(Receiver(url, SECRET), told)


def test_a_signed_report_is_told_by_ids_and_links_alone():
    with receiving() as server:
        answer = push(server.url, message(sample=SAMPLE, report=REPORT, version=1))
    assert (answer.accepted, answer.text) == (True, "HTTP 200")
    ((headers, body),) = server.came
    assert json.loads(body) == {
        "id": str(KEY),
        "event": "report.signed",
        "at": "2026-11-21T11:47:00-03:30",
        "sample": SAMPLE,
        "report": REPORT,
        "version": 1,
        "links": {"sample": f"/api/v1/samples/{SAMPLE}", "report": f"/api/v1/reports/{REPORT}"},
    }
    assert headers["X-HematoVision-Event"] == "report.signed"
    assert headers["X-HematoVision-Delivery"] == str(KEY)
    assert headers["Content-Type"] == "application/json"
    specimen = signed().content.specimen
    for private in (specimen.accession, specimen.patient_reference, specimen.requester, "Rahman"):
        assert private not in f"{headers}{body.decode()}"


@pytest.mark.parametrize("event", Event.values)
def test_every_event_is_told_and_checked_as_the_manual_says(event, genuine):
    with receiving() as server:
        assert push(server.url, message(event, model="7", version="v3")).accepted
    ((headers, body),) = server.came
    assert json.loads(body)["event"] == event
    assert genuine(SECRET, headers, body)


def test_what_is_forged_changed_or_old_is_no_message(genuine):
    told = message(sample=SAMPLE)
    body = webhook.body(told)
    headers = webhook.signed_headers(SECRET, told, body, int(time.time()))
    assert genuine(SECRET, headers, body)
    assert not genuine("another secret", headers, body)
    assert not genuine(SECRET, headers, body.replace(b"report.signed", b"report.amended"))
    assert not genuine(SECRET, {**headers, "X-HematoVision-Timestamp": str(int(time.time()) + 1)}, body)
    assert not genuine(SECRET, {**headers, "X-HematoVision-Timestamp": "tomorrow"}, body)
    assert not genuine(SECRET, {**headers, "X-HematoVision-Signature": "v1=ü"}, body)
    replayed = webhook.signed_headers(SECRET, told, body, int(time.time()) - 301)
    assert not genuine(SECRET, replayed, body)


def test_every_try_has_the_same_number_and_body():
    with receiving(503, 200) as server:
        told = message(sample=SAMPLE)
        assert [push(server.url, told).accepted, push(server.url, told).accepted] == [False, True]
    (first, body), (second, again) = server.came
    assert body == again
    assert first["X-HematoVision-Delivery"] == second["X-HematoVision-Delivery"]


@pytest.mark.parametrize(
    ("status", "accepted", "final"),
    [
        (200, True, True),
        (204, True, True),
        (302, False, False),
        (400, False, False),
        (404, False, False),
        (410, False, True),
        (429, False, False),
        (500, False, False),
    ],
)
def test_each_status_has_its_meaning(status, accepted, final):
    with receiving(status) as server:
        answer = push(server.url, message("test"))
    assert (answer.accepted, answer.final, answer.text) == (accepted, final, f"HTTP {status}")


def test_a_dead_receiver_gets_it_when_it_is_back():
    with receiving() as server:
        url, port = server.url, server.server_port
    with pytest.raises(OutboundProblem) as caught:
        push(url, message("test"))
    assert not caught.value.final
    with receiving(port=port) as server:
        assert push(url, message("test")).accepted


def test_a_neighbour_that_nobody_named_is_not_called(settings):
    settings.OUTBOUND_PRIVATE_NETWORKS = []
    with receiving() as server, pytest.raises(OutboundProblem, match="not public"):
        push(server.url, message("test"))
    assert server.came == []
