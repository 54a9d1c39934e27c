"""The courier as a process: it delivers, comes back after a kill, and loads no model's library."""

import contextlib
import os
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest
from django.db import transaction

from accounts.audit.models import AuditEvent
from accounts.forgotten import wish_store
from accounts.models import PasswordWish
from hematovision.core import workers
from hematovision.core.queue import DELIVER, SEND_LINKS, SWEEP_DELIVERIES
from hematovision.courier import app
from predictions.models import Delivery, Destination, Event
from predictions.services.destinations import REPORTS
from predictions.services.outbox import post
from tests.predictions.exchange.listeners import listening

pytestmark = [pytest.mark.processes, pytest.mark.django_db(transaction=True)]


@pytest.fixture
def start_courier(broker, tmp_path):
    """Start couriers that end with the test."""
    started = []

    def start_courier():
        command = (
            "celery",
            "-A",
            "hematovision.courier",
            "worker",
            "-Q",
            "exchange",
            "-P",
            "threads",
            "-c",
            "4",
        )
        with (tmp_path / "courier.log").open("ab") as log:
            courier = subprocess.Popen(
                [sys.executable, "-m", *command, "--without-gossip", "--without-mingle"],
                env={**os.environ, "OUTBOUND_PRIVATE_NETWORKS": "127.0.0.0/8"},
                stdout=log,
                stderr=log,
                start_new_session=True,
            )
        started.append(courier)
        return courier

    broker.delete("exchange")
    yield start_courier
    for courier in started:
        with contextlib.suppress(ProcessLookupError):
            os.killpg(courier.pid, signal.SIGKILL)
        courier.wait()
    broker.delete("exchange")


def until(answer, seconds=60):
    ends = time.monotonic() + seconds
    while not answer():
        assert time.monotonic() < ends, list(Delivery.objects.values())
        time.sleep(0.1)


def test_it_knows_its_own_errands_alone():
    app.loader.import_default_modules()
    own = {name for name in app.tasks if not name.startswith("celery.")}
    assert {DELIVER, SWEEP_DELIVERIES, SEND_LINKS} <= own


def test_it_delivers_a_signed_report_takes_what_waited_and_what_comes_and_loads_no_model(
    destination, start_courier, case
):
    destination()
    with transaction.atomic():
        post(Event.ANALYSED, subject="before")
    with listening() as laboratory:
        reports = destination(laboratory.url, kind="hl7", events=REPORTS)
        report = case.sign()
        courier = start_courier()
        delivered = reports.deliveries.filter(state="delivered")
        until(delivered.exists)
        (message,) = laboratory.came
    assert b"|ORU^R01^ORU_R01|" in message
    assert f"|{case.sample.accession}|".encode() in message
    assert (delivered.get().report, delivered.get().last_answer) == (report, "MSA AA")
    assert AuditEvent.objects.filter(event="delivery.made", subject_id=str(delivered.get().pk)).count() == 1
    free = Destination.objects.get(pk=reports.pk)
    assert (free.leased_until, free.failures) == (None, 0)
    until(lambda: workers.COURIER in {one.role for one in workers.alive()})
    until(lambda: Delivery.objects.filter(attempts__gte=1).exists())
    wish_store(email="nobody@example.org", portal="http://x/")
    until(lambda: not PasswordWish.objects.exists())
    assert not loaded(courier.pid)
    courier.send_signal(signal.SIGTERM)
    assert courier.wait(30) == 0


def loaded(pid):
    """Which of the models' libraries a process has loaded."""
    maps = Path(f"/proc/{pid}/maps").read_text()
    return {name for name in ("litert", "tensorflow") if name in maps}
