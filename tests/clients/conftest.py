"""Fixtures of the client: a live portal with a reader of images, a machine's token, and the real command."""

import os
import subprocess
import sys
import threading
import time
from pathlib import Path

import pytest
from django.db import connection

from accounts.tokens import token_create
from hematovision.core.origin import Origin
from predictions.models import AnalysisJob
from predictions.services import report_sign, sample_submit
from predictions.services.analyse import analyse_field
from predictions.services.reports import Intent
from predictions.states import JobState
from tests.accounts.factories import PersonFactory
from tests.clients.door import Door
from tests.predictions import hostile
from tests.predictions.plain_model import loaded

HERE = Origin("127.0.0.1")
PACKAGE = Path(__file__).resolve().parents[2] / "clients" / "python"


@pytest.fixture
def portal(live_server, settings, tmp_path):
    """The address of a live portal that waits for nobody."""
    settings.IMAGE_ROOT = tmp_path / "images"
    settings.PARTIAL_ROOT = tmp_path / "partial"
    settings.PREDICT_WAIT_SECONDS = 0
    return live_server.url


@pytest.fixture
def door(live_server, portal):
    """A door in front of the portal."""
    door = Door(live_server.thread.port)
    yield door
    door.shutdown()
    door.server_close()


@pytest.fixture
def reader(portal):
    """Reads what is queued with the plain model, as a worker does."""
    ended = threading.Event()
    model = loaded()

    def read():
        while not ended.wait(0.05):
            for job in AnalysisJob.objects.filter(state=JobState.QUEUED):
                analyse_field(job.field_id, load=lambda: model)
        connection.close()

    thread = threading.Thread(target=read)
    thread.start()
    yield
    ended.set()
    thread.join()


@pytest.fixture
def technician(transactional_db):
    return PersonFactory()


@pytest.fixture
def token(technician):
    """A function that returns the text of a machine token with these scopes."""
    admin = PersonFactory(admin=True)

    def token(*scopes):
        facts = {"name": "Scanner 3", "days": 30, "origin": HERE}
        return token_create(actor=admin, person=technician, scopes=scopes, **facts)[1]

    return token


@pytest.fixture
def signed(technician):
    """A function that has a doctor sign a sample whose images are read, whatever is still open."""

    def signed(sample):
        model = loaded()
        for field in sample.fields.all():
            analyse_field(field.pk, load=lambda: model)
        sample_submit(actor=technician, origin=HERE, sample_id=sample.pk)
        sample.refresh_from_db()
        intent = Intent(revision=sample.revision, override="Scanty smear.", verify_at="http://x/verify/")
        return report_sign(actor=PersonFactory(doctor=True), origin=HERE, sample_id=sample.pk, intent=intent)

    return signed


class Command:
    """The command line in a process of its own."""

    def __init__(self, address, token):
        self.address = address
        kept = {name: os.environ[name] for name in ("PATH", "HOME", "LANG") if name in os.environ}
        self.env = {**kept, "PYTHONPATH": str(PACKAGE), "HEMATOVISION_TOKEN": token}

    def begin(self, *arguments):
        """Start it and return the process."""
        line = [sys.executable, "-m", "hematovision_client", *map(str, arguments), "--portal", self.address]
        pipes = {"stdout": subprocess.PIPE, "stderr": subprocess.PIPE, "text": True}
        return subprocess.Popen(line, env=self.env, **pipes)

    def __call__(self, *arguments, status=0):
        """Run it to its end and return what it wrote; its status must be this."""
        process = self.begin(*arguments)
        out, said = process.communicate(timeout=120)
        assert process.returncode == status, (process.returncode, out, said)
        self.said = said
        return out


@pytest.fixture
def hematovision(portal, token):
    """The command with a token that may do what a scanner's computer needs."""
    return Command(portal, token("samples", "read", "predict"))


@pytest.fixture
def pictures(tmp_path):
    """A function that writes so many different images into a folder."""

    def pictures(folder, count, start="HV-26-0001_"):
        folder.mkdir(parents=True, exist_ok=True)
        for number in range(count):
            (folder / f"{start}{number:02}.jpg").write_bytes(hostile.jpeg(seed=number))
        return folder

    return pictures


def until(check, seconds=60):
    """Wait until ``check()`` is true."""
    end = time.monotonic() + seconds
    while not check():
        assert time.monotonic() < end, "it did not happen in time"
        time.sleep(0.01)
