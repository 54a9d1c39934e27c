"""Whatever a file does to the process that decodes it, the portal says so, keeps nothing and goes on."""

import contextlib
import logging
import os
import signal
import subprocess
import sys
import threading
import time
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import psutil
import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from django.urls import reverse

from accounts.audit.models import AuditEvent
from predictions.decoding.bare import MOST_SCANS
from predictions.decoding.process import Decoder, Ended, Limits
from predictions.decoding.refused import Refused
from predictions.errors import DecoderAway, UploadRefused
from predictions.models import AnalysisJob, SmearField, StoredImage
from predictions.pipeline import decode
from tests.predictions import hostile

ROOT = Path(__file__).resolve().parents[2]
MEGABYTE = 1024 * 1024
USUAL = Limits(512 * MEGABYTE, 30, 24_000_000)
# It paints its 24 megapixels a few dozen times: within all counts, and seconds of work.
SLOW = hostile.many_scans(scans=MOST_SCANS - 10)
LARGE = hostile.bomb(4_800, 5_000)


@contextlib.contextmanager
def decoder(limits=USUAL):
    one = Decoder(limits)
    try:
        yield one
    finally:
        one.close()


def gone(pid):
    """Whether a process ends within five seconds."""
    with contextlib.suppress(psutil.NoSuchProcess):
        psutil.Process(pid).wait(5)
    return not psutil.pid_exists(pid)


def when_busy(pid, then):
    """Do something once a process has computed for a while, in the middle of its file."""

    def watch():
        process = psutil.Process(pid)
        idle = process.cpu_times().user
        while process.cpu_times().user < idle + 0.1:
            time.sleep(0.01)
        then(pid)

    thread = threading.Thread(target=watch)
    thread.start()
    return thread


@pytest.mark.django_db
@pytest.mark.parametrize(
    ("name", "content", "limit", "code"),
    [
        ("slow.jpg", SLOW, {"DECODE_MAX_SECONDS": 0.5}, "took_too_long"),
        ("large.png", LARGE, {"DECODE_MAX_BYTES": 120 * MEGABYTE}, "took_too_much_memory"),
    ],
)
def test_what_takes_too_much_is_refused_and_the_next_file_taken(
    client, technician, stored_files, settings, caplog, name, content, limit, code
):
    for setting, value in limit.items():
        setattr(settings, setting, value)
    client.force_login(technician)

    def sent(name, content):
        file = SimpleUploadedFile(name, content)
        return client.post(reverse("upload_file"), {"file": file}, headers={"Accept": "application/json"})

    with caplog.at_level(logging.WARNING):
        answer = sent(name, content)
    assert (answer.status_code, answer.json()["code"]) == (422, code)
    assert answer.json()["message"].startswith(f"{name}: Reading the image took ")
    assert "Nothing was stored. Open it, " in answer.json()["message"]
    assert not stored_files()
    assert not any(rows.objects.exists() for rows in (StoredImage, SmearField, AnalysisJob))
    assert not AuditEvent.objects.filter(event="field.uploaded").exists()
    (told,) = [one.getMessage() for one in caplog.records if one.name == decode.__name__]
    assert code in told
    assert name not in told
    assert sent("plain.jpg", hostile.jpeg()).status_code < 400
    assert len(stored_files()) == 1


@pytest.mark.parametrize(
    ("number", "code"),
    [
        (signal.SIGKILL, "took_too_much_memory"),
        (signal.SIGXCPU, "took_too_long"),
        (signal.SIGSEGV, "damaged"),
    ],
)
def test_a_decoder_that_dies_in_the_middle_is_told_of_by_how_it_died(number, code):
    with decoder() as one:
        thread = when_busy(one.pid, lambda pid: os.kill(pid, number))
        with pytest.raises(Ended) as ended:
            one.ask(SLOW)
        thread.join()
        assert (ended.value.code, ended.value.status) == (code, -number)
        assert not one.alive


@pytest.mark.django_db
def test_a_decoder_that_was_killed_between_two_files_is_replaced(submit):
    submit(hostile.jpeg(seed=1))
    first = decode._desk._decoder.pid
    os.kill(first, signal.SIGKILL)
    assert decode._desk._decoder._process.wait(5) == -signal.SIGKILL
    submit(hostile.jpeg(seed=2))
    assert decode._desk._decoder.pid != first


@pytest.mark.django_db
def test_a_decoder_that_does_not_start_is_503(submit, stored_files, monkeypatch, tmp_path):
    decode._desk.close()
    monkeypatch.setattr("predictions.decoding.process.SOURCE", tmp_path)
    with pytest.raises(DecoderAway):
        submit()
    assert not stored_files()


def test_a_decoder_has_its_processor_time_for_each_file_even_where_nobody_stops_it():
    with decoder(Limits(USUAL.memory, 0.3, USUAL.max_pixels)) as one:
        one.limits = USUAL
        with pytest.raises(Ended) as ended:
            one.ask(SLOW)
        assert (ended.value.code, ended.value.status) == ("took_too_long", -signal.SIGXCPU)


def test_a_decoder_can_open_nothing_and_knows_nothing(monkeypatch):
    monkeypatch.setenv("DATABASE_URL", "postgresql://secret@localhost/x")
    with decoder() as one:
        one.ask(hostile.jpeg())
        process = psutil.Process(one.pid)
        assert process.environ() == {}
        assert process.num_fds() == 3
        assert process.num_threads() == 1
        assert not process.net_connections()
        most = {
            name: process.rlimit(getattr(psutil, f"RLIMIT_{name}")) for name in ("NOFILE", "FSIZE", "NPROC")
        }
        assert most == {"NOFILE": (3, 3), "FSIZE": (0, 0), "NPROC": (0, 0)}


def test_hundreds_of_files_from_several_threads_each_get_their_own_answer(settings, monkeypatch):
    monkeypatch.setattr(decode, "FILES_EACH", 100)
    settings.UPLOAD_MAX_PIXELS = 1_000_000

    def sent(number):
        if number % 10 == 0:
            with pytest.raises(UploadRefused) as refusal:
                decode.decode(hostile.jpeg()[: 300 + number])
            return refusal.value.code == "damaged"
        side = 32 + number
        cleaned = decode.decode(hostile.png(width=side, height=40))
        return (cleaned.width, cleaned.height) == (side, 40)

    with ThreadPoolExecutor(8) as threads:
        assert all(threads.map(sent, range(300)))
    assert decode._desk._decoder.answered <= 100


def test_who_waits_for_the_decoder_has_not_begun_to_take_time(settings):
    settings.DECODE_MAX_SECONDS = 1
    with ThreadPoolExecutor(1) as threads:
        with decode._desk._lock:
            waiting = threads.submit(decode.decode, hostile.jpeg())
            time.sleep(1.1)
        assert waiting.result().width == 96


@pytest.mark.parametrize("content", [hostile.jpeg(), SLOW], ids=["idle", "busy"])
def test_no_decoder_outlives_its_portal(tmp_path, content):
    file = tmp_path / "file.jpg"
    file.write_bytes(content)
    program = (
        "import pathlib, sys, time; from predictions.decoding.process import Decoder, Limits; "
        f"one = Decoder({Limits(USUAL.memory, 3, USUAL.max_pixels)!r}); print(one.pid, flush=True); "
        "one.ask(pathlib.Path(sys.argv[1]).read_bytes()); print(flush=True); time.sleep(60)"
    )
    command = [sys.executable, "-c", program, str(file)]
    with subprocess.Popen(command, cwd=ROOT, stdout=subprocess.PIPE, text=True) as portal:
        pid = int(portal.stdout.readline())
        if content is SLOW:
            when_busy(pid, lambda _pid: portal.kill()).join()
        else:
            portal.stdout.readline()
            portal.kill()
    assert gone(pid)


def test_the_answer_of_a_decoder_that_was_taken_over_is_not_believed():
    with decoder() as one:
        for lie in (
            {"media_type": "text/html", "width": 10, "height": 10},
            {"media_type": "image/png", "width": 10**6, "height": 10**6},
            {"media_type": "image/png"},
        ):
            with pytest.raises((ValueError, KeyError)):
                one._picture(lie, b"")
        with pytest.raises(Refused):
            one._picture({"refused": "damaged", "numbers": {}}, b"")
