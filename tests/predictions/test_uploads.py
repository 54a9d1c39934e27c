"""Nothing but pixels gets in; everything else is told why, and leaves no trace."""

import io
import resource
import time

import numpy as np
import pytest
from PIL import Image, ImageOps

from accounts.audit.models import AuditEvent
from predictions.decoding.bare import MOST_SCANS, bare
from predictions.decoding.decode import decode
from predictions.decoding.refused import Refused
from predictions.errors import UploadRefused
from predictions.models import AnalysisJob, SmearField, StoredImage
from tests.predictions import hostile

pytestmark = pytest.mark.django_db

MOST = 24_000_000
REFUSED = hostile.refused()
ACCEPTED = hostile.accepted()


@pytest.mark.parametrize(("name", "content", "code", "status"), REFUSED, ids=[case[0] for case in REFUSED])
def test_hostile_file_is_refused_with_a_reason(submit, stored_files, name, content, code, status):
    with pytest.raises(UploadRefused) as refusal:
        submit(content, name)
    assert (refusal.value.code, refusal.value.status) == (code, status)
    sentence = str(refusal.value.message)
    assert sentence.startswith(f"{name}: ")
    assert len(sentence) > len(name) + 20
    assert not stored_files()
    assert not StoredImage.objects.exists()
    assert not SmearField.objects.exists()
    assert not AnalysisJob.objects.exists()
    assert not AuditEvent.objects.filter(event="field.uploaded").exists()


@pytest.mark.parametrize(("name", "content"), ACCEPTED, ids=[case[0] for case in ACCEPTED])
def test_strange_picture_is_kept_as_pixels_only(submit, stored_files, name, content):
    field = submit(content, name).field
    stored = field.image.path.read_bytes()
    assert stored_files() == [field.image.path]
    for trace in (
        b"Exif",
        b"Roe",
        b"4711",
        b"<html",
        b"<?php",
        b"PK\x03\x04",
        b"ICC_PROFILE",
        b"iCCP",
        b"alert(",
    ):
        assert trace not in stored
    picture = Image.open(io.BytesIO(stored))
    picture.load()
    assert picture.format in {"JPEG", "PNG"}
    assert picture.mode == "RGB"
    assert picture.size == (field.image.width, field.image.height)
    assert not picture.getexif()


@pytest.mark.parametrize("turn", range(1, 9))
def test_picture_is_turned_upright_as_viewers_do(submit, turn):
    smooth = np.linspace(0, 255, 80 * 96 * 3).reshape(80, 96, 3).astype(np.uint8)
    exif = Image.Exif()
    exif[0x0112] = turn
    content = hostile.encoded(Image.fromarray(smooth), "PNG", exif=exif)
    stored = Image.open(submit(content).field.image.path)
    shown = ImageOps.exif_transpose(Image.open(io.BytesIO(content)))
    assert stored.size == shown.size == ((96, 80) if turn < 5 else (80, 96))
    assert np.array_equal(np.asarray(stored), np.asarray(shown))


@pytest.mark.parametrize("kind", ["JPEG", "PNG"])
def test_what_is_decoded_has_the_same_pixels(kind):
    options = {"progressive": True, "exif": hostile.with_exif_of(6), "icc_profile": b"x" * 200_000}
    content = hostile.encoded(hostile.picture(), kind, **(options if kind == "JPEG" else {}))
    plain = bare(content + hostile.archive(), max_pixels=MOST)
    assert len(plain.content) <= len(content)
    assert b"ICC_PROFILE" not in plain.content
    decoded = (np.asarray(Image.open(io.BytesIO(one))) for one in (plain.content, content))
    assert np.array_equal(*decoded)
    assert plain.orientation == (6 if kind == "JPEG" else 1)


def test_as_many_scans_as_are_allowed_take_seconds_not_minutes():
    begun = time.process_time()
    decode(hostile.many_scans(scans=MOST_SCANS - 10), max_pixels=MOST)
    assert time.process_time() - begun < 20


def test_turned_picture_whose_metadata_cannot_be_written_again(submit):
    content = hostile.with_exif(6)
    # The artist's entry becomes one whose kind does not fit its value: it can be read, not written.
    entry = content.index(b"\x01\x3b\x00\x02")
    content = content[:entry] + b"\x01\x3b\x00\x05" + content[entry + 4 :]
    with pytest.raises(AttributeError):
        ImageOps.exif_transpose(Image.open(io.BytesIO(content)))
    assert submit(content).field.image.width == 80


def test_cleaning_hardly_changes_a_jpeg(submit):
    smooth = Image.fromarray(np.linspace(0, 255, 120 * 160 * 3).reshape(120, 160, 3).astype(np.uint8))
    content = hostile.encoded(smooth, "JPEG", quality=80)
    before = np.asarray(Image.open(io.BytesIO(content)), dtype=int)
    after = np.asarray(Image.open(submit(content).field.image.path), dtype=int)
    assert np.abs(before - after).max() <= 4
    assert np.abs(before - after).mean() < 0.2


def test_cleaning_does_not_change_a_png(submit):
    content = hostile.png()
    after = np.asarray(Image.open(submit(content).field.image.path))
    assert (after == np.asarray(Image.open(io.BytesIO(content)))).all()


def test_too_large_file_is_refused_without_reading_it_all(submit, settings, stored_files):
    settings.UPLOAD_MAX_BYTES = 2_000
    with pytest.raises(UploadRefused) as refusal:
        submit(hostile.png())
    assert (refusal.value.code, refusal.value.status) == ("too_large", 413)
    assert not stored_files()


def test_bomb_is_refused_before_it_unfolds():
    content = hostile.bomb(12_000, 12_000)
    before = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    with pytest.raises(Refused, match="too_many_pixels"):
        decode(content, max_pixels=MOST)
    # Unfolded it would take 576 MB.
    assert resource.getrusage(resource.RUSAGE_SELF).ru_maxrss - before < 100_000


@pytest.mark.parametrize(("name", "shown"), hostile.NAMES.items())
def test_name_is_kept_as_harmless_text(submit, stored_files, name, shown):
    field = submit(name=name).field
    field.refresh_from_db()
    assert field.original_name == shown
    assert stored_files() == [field.image.path]
    assert field.image.path.name == f"{field.image.sha256}.jpg"


def test_same_name_twice_keeps_both(submit, stored_files):
    one, two = submit(hostile.jpeg(seed=1)), submit(hostile.jpeg(seed=2))
    assert one.field.pk != two.field.pk
    assert len(stored_files()) == 2
    assert one.field.image.path.read_bytes() != two.field.image.path.read_bytes()


def test_same_bytes_twice_are_shown_and_stored_once(submit, stored_files):
    one, two = submit(name="a.jpg"), submit(name="b.jpg")
    assert one.duplicate_of is None
    assert two.duplicate_of == one.field
    assert SmearField.objects.count() == AnalysisJob.objects.count() == 2
    assert len(stored_files()) == StoredImage.objects.count() == 1


def test_upload_row_job_and_event_stand_together(submit, technician):
    field = submit().field
    assert (field.job.state, field.job.attempts) == ("queued", 0)
    event = AuditEvent.objects.get(event="field.uploaded")
    assert (event.actor, event.subject_id, event.site_id) == (technician, str(field.pk), technician.site_id)
    assert "smear.jpg" not in str(event.detail)
