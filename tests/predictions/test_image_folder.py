"""No row without its file, no file without a row; a full disk says so and keeps nothing."""

import io
import os
import resource
import signal
import threading
import time

import pytest
from django.core.management import CommandError, call_command
from django.db import OperationalError, connection

from hematovision.core.origin import Origin
from predictions.errors import StorageFull
from predictions.models import SmearField, StoredImage
from predictions.pipeline import store
from predictions.services import field_submit
from predictions.services import submit as submitting
from tests.accounts.factories import PersonFactory
from tests.predictions import hostile

pytestmark = pytest.mark.django_db


def check(**options):
    out = io.StringIO()
    call_command("check_images", stdout=out, **options)
    return out.getvalue()


def test_check_agrees_after_uploads(submit):
    submit(hostile.jpeg())
    submit(hostile.png())
    assert "agree" in check(read=True)


def test_check_finds_what_is_missing_altered_and_unnamed(submit, image_root, capsys):
    missing, altered = submit(hostile.jpeg(seed=1)).field.image, submit(hostile.jpeg(seed=2)).field.image
    missing.path.unlink()
    altered.path.write_bytes(b"something else")
    stray = image_root / "ab" / ("ab" * 32 + ".png")
    stray.parent.mkdir(exist_ok=True)
    stray.write_bytes(b"x")
    with pytest.raises(CommandError, match="1 missing, 1 altered, 1 without a row"):
        check(read=True)
    with pytest.raises(CommandError, match="1 without a row"):
        check(remove=True)
    assert stray.exists(), "a young file may belong to an upload under way"
    old = time.time() - 7200
    os.utime(stray, (old, old))
    with pytest.raises(CommandError, match="0 without a row"):
        check(remove=True)
    assert not stray.exists()


@pytest.fixture
def full_disk(image_root):
    """A real refusal by the kernel: no file of this process may grow past 1 kB."""
    before = resource.getrlimit(resource.RLIMIT_FSIZE)
    handler = signal.signal(signal.SIGXFSZ, signal.SIG_IGN)
    resource.setrlimit(resource.RLIMIT_FSIZE, (1024, before[1]))
    yield
    resource.setrlimit(resource.RLIMIT_FSIZE, before)
    signal.signal(signal.SIGXFSZ, handler)


def test_full_disk_is_said_and_leaves_nothing(submit, stored_files, request):
    request.getfixturevalue("full_disk")
    with pytest.raises(StorageFull, match="no room") as refusal:
        submit(hostile.png())
    assert (refusal.value.status, refusal.value.code) == (507, "storage_full")
    assert not stored_files()
    assert not SmearField.objects.exists()
    assert not StoredImage.objects.exists()


def test_folder_that_cannot_be_made_is_said(submit, settings, tmp_path):
    (tmp_path / "file").write_text("in the way")
    settings.IMAGE_ROOT = tmp_path / "file" / "images"
    with pytest.raises(StorageFull):
        submit()


def test_file_goes_when_its_row_fails(submit, stored_files, monkeypatch):
    def broken(*_args, **_facts):
        raise OperationalError("the database went away")

    monkeypatch.setattr(submitting, "record", broken)
    with pytest.raises(OperationalError):
        submit()
    assert not stored_files()
    assert not SmearField.objects.exists()


def test_failed_upload_leaves_the_file_of_another(submit, stored_files, monkeypatch):
    def fail(*_args, **_facts):
        raise RuntimeError("after the file, before the commit")

    kept = submit().field.image
    monkeypatch.setattr(submitting, "record", fail)
    with pytest.raises(RuntimeError):
        submit()
    assert stored_files() == [kept.path]


@pytest.mark.django_db(transaction=True)
def test_many_uploads_of_the_same_bytes_at_once_all_stand(stored_files):
    person = PersonFactory()
    content = hostile.png()
    start = threading.Barrier(6)
    problems = []

    def upload():
        start.wait()
        try:
            field_submit(actor=person, origin=Origin(), content=io.BytesIO(content), name="same.png")
        except Exception as problem:  # noqa: BLE001 -- shown by the assertion
            problems.append(problem)
        finally:
            connection.close()

    threads = [threading.Thread(target=upload) for _ in range(6)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert not problems
    assert SmearField.objects.count() == 6
    assert len(stored_files()) == StoredImage.objects.count() == 1


def test_temporary_files_are_never_left(submit, stored_files, monkeypatch):
    def refuse(_handle):
        raise OSError(5, "Input/output error")

    monkeypatch.setattr(store.os, "fsync", refuse)
    with pytest.raises(StorageFull):
        submit()
    monkeypatch.undo()
    assert not stored_files()
