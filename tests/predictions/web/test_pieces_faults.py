"""Each byte of a file in pieces is kept once, whatever breaks: crashes, full disks, two at once."""

import hashlib
import os
import resource
import signal
import threading
import time
from datetime import timedelta

import pytest
from django.db import connection
from django.test import Client
from django.utils import timezone

from accounts.audit.models import AuditEvent
from predictions.models import PartialUpload, SmearField
from predictions.services.expire import partials_expire
from tests.predictions import hostile
from tests.predictions.web.tus import begin, head, patch, pieces_left

pytestmark = pytest.mark.django_db


@pytest.fixture
def content():
    return hostile.png(width=300, height=200)


def test_bytes_of_a_piece_that_was_never_committed_are_cut_off(client, content):
    address = begin(client, len(content))
    patch(client, address, 0, content[:1000])
    with PartialUpload.objects.get().path.open("ab") as file:
        file.write(b"from a process that died before its commit")
    send_rest = patch(client, address, 1000, content[1000:])
    assert send_rest.status_code == 204
    assert SmearField.objects.get().original_sha256 == hashlib.sha256(content).hexdigest()


def test_bytes_that_are_lost_are_said_to_be_and_never_made_up(client, content, settings):
    address = begin(client, len(content))
    patch(client, address, 0, content[:1000])
    os.truncate(PartialUpload.objects.get().path, 500)
    answer = patch(client, address, 1000, content[1000:])
    assert (answer.status_code, answer.json()["code"]) == (410, "upload_gone")
    assert head(client, address).status_code == 404
    assert not pieces_left(settings)


def test_a_file_that_is_whole_but_no_field_yet_is_finished_by_an_empty_piece(client, content):
    address = begin(client, len(content))
    patch(client, address, 0, content[:-1])
    upload = PartialUpload.objects.get()
    with upload.path.open("ab") as file:
        file.write(content[-1:])
    PartialUpload.objects.update(received=len(content))
    answer = patch(client, address, len(content), b"")
    assert (answer.status_code, "Upload-Result" in answer.headers) == (204, True)
    assert SmearField.objects.count() == 1


def test_an_upload_left_alone_for_a_day_is_forgotten(client, content, settings):
    old, young = begin(client, len(content)), begin(client, len(content))
    for address in (old, young):
        patch(client, address, 0, content[:1000])
    stray = settings.PARTIAL_ROOT / "00000000-0000-0000-0000-00000000aaaa"
    stray.write_bytes(b"x")
    yesterday = time.time() - 25 * 3600
    os.utime(stray, (yesterday, yesterday))
    assert partials_expire() == 0
    PartialUpload.objects.filter(pk=old.split("/")[-2]).update(
        updated_at=timezone.now() - timedelta(hours=25)
    )
    assert partials_expire() == 1
    assert head(client, old).status_code == 404
    assert head(client, young)["Upload-Offset"] == "1000"
    assert len(pieces_left(settings)) == 1
    assert AuditEvent.objects.get(event="upload.discarded").detail["why"] == "expired"


@pytest.fixture
def full_disk(settings):
    """A real refusal by the kernel: no file of this process may grow past 3 kB."""
    before = resource.getrlimit(resource.RLIMIT_FSIZE)
    handler = signal.signal(signal.SIGXFSZ, signal.SIG_IGN)
    resource.setrlimit(resource.RLIMIT_FSIZE, (3072, before[1]))
    yield lambda: resource.setrlimit(resource.RLIMIT_FSIZE, before)
    resource.setrlimit(resource.RLIMIT_FSIZE, before)
    signal.signal(signal.SIGXFSZ, handler)


def test_a_full_disk_keeps_what_came_and_the_rest_follows(client, content, full_disk):
    address = begin(client, len(content))
    assert patch(client, address, 0, content[:2000]).status_code == 204
    full = patch(client, address, 2000, content[2000:])
    assert (full.status_code, full.json()["code"]) == (507, "storage_full")
    assert "What was sent is kept" in full.json()["message"]
    assert head(client, address)["Upload-Offset"] == "2000"
    assert PartialUpload.objects.get().path.stat().st_size == 2000
    full_disk()
    assert patch(client, address, 2000, content[2000:]).status_code == 204
    assert SmearField.objects.get().original_sha256 == hashlib.sha256(content).hexdigest()


def test_no_room_for_the_field_keeps_the_pieces(client, content, settings, tmp_path):
    address = begin(client, len(content))
    room = settings.IMAGE_ROOT
    (tmp_path / "file").write_text("in the way")
    settings.IMAGE_ROOT = tmp_path / "file" / "images"
    assert patch(client, address, 0, content).status_code == 507
    settings.IMAGE_ROOT = room
    assert patch(client, address, len(content), b"").status_code == 204
    assert SmearField.objects.count() == 1


@pytest.mark.django_db(transaction=True)
def test_two_writers_at_once_add_each_piece_once(technician, content):
    address, step, answers = None, 1500, []
    first = Client()
    first.force_login(technician)
    address = begin(first, len(content))

    def write():
        mine = Client()
        mine.force_login(technician)
        offset = 0
        while offset < len(content):
            answer = patch(mine, address, offset, content[offset : offset + step])
            answers.append(answer.status_code)
            offset = int(answer["Upload-Offset"])
        connection.close()

    writers = [threading.Thread(target=write) for _ in range(3)]
    for writer in writers:
        writer.start()
    for writer in writers:
        writer.join(60)
    assert set(answers) <= {204, 409}
    assert 409 in answers, "the writers never met"
    assert SmearField.objects.get().original_sha256 == hashlib.sha256(content).hexdigest()


@pytest.mark.django_db(transaction=True)
def test_two_who_finish_at_once_make_one_field(technician, content, stored_files):
    client = Client()
    client.force_login(technician)
    address = begin(client, len(content))
    upload = PartialUpload.objects.get()
    upload.path.parent.mkdir(parents=True, exist_ok=True)
    upload.path.write_bytes(content)
    PartialUpload.objects.update(received=len(content))
    ready, results = threading.Barrier(3), []

    def finish():
        mine = Client()
        mine.force_login(technician)
        ready.wait()
        results.append(patch(mine, address, len(content), b"").headers.get("Upload-Result"))
        connection.close()

    threads = [threading.Thread(target=finish) for _ in range(3)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(60)
    assert len(results) == 3
    assert len(set(results)) == 1
    assert results[0]
    assert SmearField.objects.count() == len(stored_files()) == 1
