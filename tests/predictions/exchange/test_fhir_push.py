"""Reports pushed to a real HTTP server that stores resources by their ids, as a FHIR server does."""

import contextlib
import json
import threading
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

import pytest
from django.db import transaction
from fhir.resources.R4B import get_fhir_model_class
from fhir.resources.R4B.bundle import Bundle

from accounts.seal import seal
from predictions.exchange.answer import Message, Receiver
from predictions.exchange.fhir_push import ISSUES, push
from predictions.models import Delivery, Event, Sample
from predictions.services import deliver, report_amend, report_sign
from predictions.services.outbox import post
from predictions.services.reports import Intent
from tests.predictions.exchange.conftest import HERE
from tests.predictions.exchange.fhir_facts import checked, code
from tests.predictions.exchange.receivers import LOOPBACK
from tests.predictions.test_reports import NEVERTHELESS, name_cell

pytestmark = pytest.mark.django_db
OUTCOME = {
    "resourceType": "OperationOutcome",
    "issue": [
        {"severity": "error", "code": "invariant", "diagnostics": "Mr Smith of P-7731 is unknown"},
        {"severity": "error", "code": "Mr Smith"},
        {"severity": "error", "code": "invariant"},
        7,
    ],
}


class Server(ThreadingHTTPServer):
    """Puts every resource of a transaction at its id, all or none; ``answers`` are given before that."""

    daemon_threads = True

    def __init__(self, *answers):
        super().__init__(("127.0.0.1", 0), Handler)
        self.answers, self.stored, self.headers, self.asked = list(answers), {}, [], []
        self.metadata = {"resourceType": "CapabilityStatement"}
        self.base = f"http://127.0.0.1:{self.server_port}/r4"

    def take(self, content):
        """Store what a Bundle holds, with references as a server writes them."""
        told = json.loads(content)
        Bundle.model_validate(told)
        checked(told)
        places = {entry["fullUrl"]: entry["request"]["url"] for entry in told["entry"]}
        taken = {}
        for entry in told["entry"]:
            assert entry["request"]["method"] == "PUT"
            text = json.dumps(entry["resource"])
            for url, place in places.items():
                text = text.replace(url, place)
            get_fhir_model_class(entry["resource"]["resourceType"]).model_validate_json(text)
            taken[entry["request"]["url"]] = json.loads(text)
        self.stored |= taken
        entries = [{"response": {"status": "200 OK"}} for _entry in taken]
        return {"resourceType": "Bundle", "type": "transaction-response", "entry": entries}


class Handler(BaseHTTPRequestHandler):
    """Answers as it is told to, else as a FHIR server."""

    def do_GET(self):
        self.server.asked.append(self.path)
        self.say(200, self.server.metadata)

    def do_POST(self):
        content = self.rfile.read(int(self.headers["Content-Length"]))
        self.server.headers.append(dict(self.headers) | {"path": self.path})
        if self.server.answers:
            self.say(*self.server.answers.pop(0))
        else:
            self.say(200, self.server.take(content))

    def say(self, status, told):
        body = told if isinstance(told, bytes) else json.dumps(told).encode()
        self.send_response(status)
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, *_):
        pass


@contextlib.contextmanager
def serving(*answers):
    with Server(*answers) as server:
        thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.05})
        thread.start()
        try:
            yield server
        finally:
            server.shutdown()
            thread.join()


@pytest.fixture
def fhir(destination):
    """Make the destination of a server."""
    return lambda server, **facts: destination(server.base, kind="fhir", **facts)


def posted(report, event=Event.SIGNED):
    with transaction.atomic():
        post(event, sample=report.sample, report=report, subject=str(report.pk))


def shares(server):
    return {
        one["code"]["text"]: one["valueQuantity"]["value"]
        for one in server.stored.values()
        if "component" in one and one["status"] != "entered-in-error"
    }


def test_a_report_arrives_and_its_amendment_takes_its_place(fhir, case):
    with serving() as server:
        one = fhir(server)
        posted(case.sign())
        assert deliver.deliver(one.pk) == 1, Delivery.objects.values_list("last_answer")
        first = dict(server.stored)
        assert shares(server)["Neutrophil"] == 100.0
        assert server.headers[0]["Authorization"] == "Bearer a secret"
        assert server.headers[0]["Content-Type"] == "application/fhir+json"
        assert server.headers[0]["path"] == "/r4"
        posted(signed_with_a_blast(case), Event.AMENDED)
        assert deliver.deliver(one.pk) == 1, Delivery.objects.values_list("last_answer")
    (report,) = [one for one in server.stored.values() if one["resourceType"] == "DiagnosticReport"]
    assert (report["status"], code(report)) == ("amended", "69738-3")
    assert shares(server) == {"Neutrophil": 66.7, "Blast": 33.3} | {
        name: 0.0 for name in shares(server) if name not in {"Neutrophil", "Blast"}
    }
    assert set(first) <= set(server.stored), "nothing is lost"
    kinds = [one["resourceType"] for one in server.stored.values()]
    assert (kinds.count("Provenance"), kinds.count("Specimen"), kinds.count("Device")) == (2, 1, 1)


def signed_with_a_blast(case):
    """Sign a second version in which one of the three cells is a blast."""
    report_amend(actor=case.doctor, origin=HERE, sample_id=case.sample.pk, reason="A blast.")
    name_cell(case.sample, case.doctor, "blast")
    intent = Intent(revision=Sample.objects.get().revision, override=NEVERTHELESS)
    return report_sign(actor=case.doctor, origin=HERE, sample_id=case.sample.pk, intent=intent)


def test_the_same_report_twice_changes_nothing(fhir, case):
    report = case.sign()
    with serving() as server:
        one = fhir(server)
        posted(report)
        deliver.deliver(one.pk)
        once = json.dumps(server.stored, sort_keys=True)
        Delivery.objects.update(state="waiting", delivered_at=None)
        Delivery.objects.update(next_at=Delivery.objects.get().created_at)
        deliver.deliver(one.pk)
        assert len(server.headers) == 2
        assert json.dumps(server.stored, sort_keys=True) == once


def test_a_replaced_version_is_not_sent(fhir, case):
    first = case.sign()
    case.sign()
    with serving() as server:
        one = fhir(server)
        posted(first)
        deliver.deliver(one.pk)
    assert not server.headers
    delivery = Delivery.objects.get()
    assert (delivery.state, delivery.attempts) == ("dead", 1)
    assert "later version" in delivery.last_answer


@pytest.mark.parametrize(
    ("answer", "state", "text"),
    [
        ((422, OUTCOME), "dead", "HTTP 422 invariant"),
        ((401, b"Mr Smith"), "dead", "HTTP 401"),
        ((429, OUTCOME), "waiting", "HTTP 429 invariant"),
        ((408, b""), "waiting", "HTTP 408"),
        ((503, b"<html>Mr Smith"), "waiting", "HTTP 503"),
        ((302, b""), "dead", "HTTP 302"),
        ((200, b"<html>Sign in"), "dead", "HTTP 200, but not as a FHIR server answers a transaction."),
        ((200, {"resourceType": "Bundle", "type": "batch-response"}), "dead", None),
        ((200, b"[" * 100_000), "dead", None),
        ((201, b""), "delivered", "HTTP 201"),
    ],
)
def test_what_the_server_says_decides_and_only_codes_of_it_are_kept(fhir, case, answer, state, text):
    report = case.sign()
    with serving(answer) as server:
        one = fhir(server)
        posted(report)
        deliver.deliver(one.pk)
    delivery = Delivery.objects.get()
    assert delivery.state == state, delivery.last_answer
    assert text is None or delivery.last_answer == text
    assert "Smith" not in delivery.last_answer


def test_a_dead_server_is_tried_again(fhir, case):
    with serving() as server:
        pass
    one = fhir(server)
    posted(case.sign())
    deliver.deliver(one.pk)
    delivery = Delivery.objects.get()
    assert (delivery.state, delivery.attempts) == ("waiting", 1)


def test_a_test_asks_only_what_the_server_can(settings):
    settings.OUTBOUND_PRIVATE_NETWORKS = LOOPBACK
    message = Message(key=None, event="test", at=None)
    with serving() as server:
        assert push(Receiver(server.base + "/", ""), message).accepted
        assert (server.asked, server.headers) == (["/r4/metadata"], [])
        server.metadata = b"<html>Sign in"
        told = push(Receiver(server.base, ""), message)
        assert (told.accepted, told.final) == (False, True)


def test_a_secret_that_is_no_token_is_told_to_nobody(fhir, case):
    with serving() as server:
        one = fhir(server)
        one.secret = seal("destinations").encrypt(b"se\ncret").decode()
        one.save()
        posted(case.sign())
        deliver.deliver(one.pk)
    delivery = Delivery.objects.get()
    assert (delivery.state, server.headers) == ("dead", [])
    assert "cret" not in delivery.last_answer.replace("secret", "")


def test_all_words_of_r4_for_what_is_wrong_are_known():
    assert len(ISSUES) == 31
