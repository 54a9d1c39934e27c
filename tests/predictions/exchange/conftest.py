"""A destination on loopback, and a tiny transport that tells a real receiver the key and the subject."""

import json
from dataclasses import dataclass

import pytest

from accounts.seal import seal
from hematovision.core.origin import Origin
from predictions.exchange import outbound
from predictions.exchange.answer import of_status
from predictions.models import Destination, Event, Sample
from predictions.services import deliver, report_amend, report_sign
from predictions.services.reports import Intent
from tests.accounts.factories import PersonFactory
from tests.predictions.exchange.receivers import LOOPBACK
from tests.predictions.test_reports import NEVERTHELESS, submitted

HERE = Origin("127.0.0.1")


def told(receiver, message):
    """Send who, what and the version in plain JSON."""
    facts = {"event": message.event, "secret": receiver.secret, **message.facts}
    headers = {"Message-Id": str(message.key)}
    reply = outbound.send("POST", receiver.address, headers=headers, content=json.dumps(facts).encode())
    return of_status(reply.status, reply.words)


@pytest.fixture(autouse=True)
def tiny_transport(monkeypatch, settings):
    settings.OUTBOUND_PRIVATE_NETWORKS = LOOPBACK
    monkeypatch.setitem(deliver.TRANSPORTS, "webhook", told)


@pytest.fixture
def admin(db):
    return PersonFactory(admin=True)


@pytest.fixture
def destination(admin):
    """Make a destination for the address of a receiver; by default one that listens to everything."""

    def destination(url="https://receiver.example/in", **facts):
        number = Destination.objects.count()
        known = {"kind": "webhook", "name": f"Receiver {number}", "events": Event.values, "created_by": admin}
        sealed = seal("destinations").encrypt(b"a secret").decode()
        return Destination.objects.create(address=url, secret=sealed, **{**known, **facts})

    return destination


@dataclass
class Case:
    """A sample in review whose report can be signed again and again."""

    sample: Sample
    doctor: object

    def sign(self):
        """Sign the next version."""
        if self.sample.reports.exists():
            report_amend(actor=self.doctor, origin=HERE, sample_id=self.sample.pk, reason="Corrected.")
        revision = Sample.objects.get(pk=self.sample.pk).revision
        intent = Intent(revision=revision, override=NEVERTHELESS, verify_at="http://x/verify/")
        return report_sign(actor=self.doctor, origin=HERE, sample_id=self.sample.pk, intent=intent)


@pytest.fixture
def case(technician, submit):
    return Case(submitted(technician, submit), PersonFactory(doctor=True))
