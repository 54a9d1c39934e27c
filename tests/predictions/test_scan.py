"""The laboratory's virus scanner, as a real command that reads the file and answers by its status."""

import sys

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from django.urls import reverse

from predictions.errors import ScannerAway, UploadRefused
from predictions.models import SmearField
from tests.predictions import hostile

pytestmark = pytest.mark.django_db
# Finds the word EVIL, as a scanner finds what it knows.
SCANNER = "import sys; sys.exit(1 if b'EVIL' in sys.stdin.buffer.read() else 0)"


@pytest.fixture
def scanner(settings):
    def scanner(program=SCANNER):
        settings.UPLOAD_SCAN_COMMAND = [sys.executable, "-c", program]

    return scanner


def test_without_a_scanner_nobody_is_asked(submit):
    submit(hostile.jpeg() + b"EVIL")
    assert SmearField.objects.count() == 1


def test_a_clean_file_is_taken_and_the_other_refused_and_not_kept(submit, scanner, stored_files):
    scanner()
    submit(hostile.jpeg())
    with pytest.raises(UploadRefused, match="virus scanner of your laboratory refuses") as refusal:
        submit(hostile.jpeg() + b"EVIL")
    assert refusal.value.code == "infected"
    assert SmearField.objects.count() == len(stored_files()) == 1


@pytest.mark.parametrize(
    "program",
    ["import sys; sys.exit(2)", "import os; os.kill(os.getpid(), 9)", "import time; time.sleep(60)"],
)
def test_without_a_verdict_nothing_is_taken(submit, scanner, stored_files, monkeypatch, program):
    monkeypatch.setattr("predictions.pipeline.scan.PATIENCE_SECONDS", 2)
    scanner(program)
    with pytest.raises(ScannerAway):
        submit()
    assert stored_files() == []


def test_a_scanner_that_is_not_there_is_503_with_the_reason(client, technician, settings):
    settings.UPLOAD_SCAN_COMMAND = ["/nowhere/scanner"]
    client.force_login(technician)
    file = SimpleUploadedFile("smear.jpg", hostile.jpeg())
    answer = client.post(reverse("upload_file"), {"file": file}, headers={"Accept": "application/json"})
    assert (answer.status_code, answer.json()["code"]) == (503, "scanner_away")
    assert "try again in a minute" in answer.json()["message"]
