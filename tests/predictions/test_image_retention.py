"""Images of samples signed long ago go where the rule says so; nothing else does, and nothing misses them."""

import io
import zipfile
from datetime import timedelta
from unittest import mock

import pytest
from django.core.management import call_command
from django.db import connection
from django.test import Client
from django.urls import reverse
from django.utils import timezone

from accounts.audit.models import AuditEvent
from hematovision.core.queue import QUEUE_OF
from hematovision.settings import base as shipped
from hematovision.supervisor.backup import database
from predictions.models import Cell, Report, Sample, SmearField, StoredImage
from predictions.services import report_amend, report_sign
from predictions.services.patient import patient_export
from predictions.services.reports import Intent
from predictions.services.retention import images_sweep
from tests.accounts.factories import PersonFactory
from tests.predictions import hostile
from tests.predictions.test_reports import HERE, NEVERTHELESS, submitted

pytestmark = pytest.mark.django_db


@pytest.fixture(autouse=True)
def ninety_days(settings):
    settings.RETENTION_IMAGES_DAYS = 90


@pytest.fixture
def doctor(db):
    return PersonFactory(doctor=True)


@pytest.fixture
def sign(doctor):
    """Sign a sample so many days ago: a report's time cannot be changed afterwards."""

    def sign(sample, days):
        intent = Intent(Sample.objects.get(pk=sample.pk).revision, override=NEVERTHELESS)
        then = timezone.localtime() - timedelta(days=days)
        with mock.patch("predictions.services.reports.timezone.localtime", return_value=then):
            return report_sign(actor=doctor, origin=HERE, sample_id=sample.pk, intent=intent)

    return sign


@pytest.fixture
def signed(technician, submit, sign):
    """Register, read and sign a sample with a picture of its own, so many days ago."""

    def signed(days, seed, accession):
        def own(sample_id):
            return submit(hostile.jpeg(seed=seed), sample_id=sample_id)

        sample = submitted(technician, own, accession=accession)
        sign(sample, days)
        return sample

    return signed


def kept(sample):
    image = StoredImage.objects.get(fields__sample=sample)
    assert image.path.exists() == (image.removed_at is None)
    return image.path.exists()


def test_only_images_of_samples_signed_long_ago_go(signed, submit, technician):
    old, young = signed(91, 1, "HV-1"), signed(89, 2, "HV-2")
    unsigned = submitted(technician, lambda sample_id: submit(hostile.jpeg(seed=3), sample_id=sample_id))
    alone = submit(hostile.jpeg(seed=4)).field
    assert images_sweep() == 1
    assert [kept(one) for one in (old, young, unsigned)] == [False, True, True]
    assert alone.image.path.exists()
    assert Cell.objects.filter(analysis__field__sample=old).count() == 3
    assert bytes(Report.objects.get(sample=old).pdf).startswith(b"%PDF")
    image = StoredImage.objects.get(fields__sample=old)
    event = AuditEvent.objects.get(event="retention.images_removed")
    assert event.detail == {"images": 1, "bytes": image.bytes, "samples": 1, "days": 90}
    assert images_sweep() == 0
    assert AuditEvent.objects.filter(event="retention.images_removed").count() == 1


def test_nought_keeps_everything(signed, settings):
    settings.RETENTION_IMAGES_DAYS = 0
    old = signed(9000, 1, "HV-1")
    assert images_sweep() == 0
    assert kept(old)


def test_an_amended_sample_counts_from_its_last_version(signed, sign, doctor):
    sample = signed(200, 1, "HV-1")
    report_amend(actor=doctor, origin=HERE, sample_id=sample.pk, reason="A cell was misread.")
    assert images_sweep() == 0, "it is being amended"
    sign(sample, 10)
    assert images_sweep() == 0
    assert kept(sample)


@pytest.mark.parametrize("other", ["no sample", "young sample"])
def test_an_image_that_another_field_shows_stays(signed, submit, other):
    sample = signed(200, 1, "HV-1")
    if other == "no sample":
        submit(hostile.jpeg(seed=1))
    else:
        signed(10, 1, "HV-2")
    assert images_sweep() == 0
    assert {field.image.path.exists() for field in SmearField.objects.filter(sample=sample)} == {True}


def test_an_image_of_two_samples_goes_when_both_are_old(signed, stored_files):
    signed(200, 1, "HV-1")
    signed(100, 1, "HV-2")
    assert images_sweep() == 1
    assert not stored_files()
    assert AuditEvent.objects.get(event="retention.images_removed").detail["samples"] == 2


def test_the_same_image_uploaded_again_is_there_again(signed, submit):
    sample = signed(200, 1, "HV-1")
    images_sweep()
    field = submit(hostile.jpeg(seed=1)).field
    assert kept(sample)
    assert SmearField.objects.get(pk=field.pk).image.removed_at is None
    assert images_sweep() == 0


def test_a_file_left_by_a_crash_goes_with_the_next_run(signed):
    sample = signed(200, 1, "HV-1")
    image = StoredImage.objects.get(fields__sample=sample)
    with mock.patch("pathlib.Path.unlink", side_effect=PermissionError), pytest.raises(PermissionError):
        images_sweep()
    assert image.path.exists()
    images_sweep()
    assert not image.path.exists()
    assert AuditEvent.objects.filter(event="retention.images_removed").count() == 1


def test_pages_say_so_and_draw_something_in_its_place(signed, doctor, technician):
    sample = signed(200, 1, "HV-1")
    field = SmearField.objects.get(sample=sample)
    cell = Cell.objects.filter(analysis__field=field).first()
    browser = Client()
    browser.force_login(technician)
    browser.get(reverse("cell_crop", args=[cell.pk]))  # Now the crop is in the process's memory.
    images_sweep()
    day = timezone.localtime().strftime("%-d %b %Y")
    html = browser.get(reverse("field", args=[field.pk])).content.decode()
    assert f"The image was removed on {day} by the laboratory’s retention rule." in html
    html = browser.get(reverse("sample", args=[sample.pk])).content.decode()
    assert "1 image of this sample was removed by the laboratory’s retention rule" in html
    whole = reverse("field_image", args=[field.pk])
    crop = reverse("cell_crop", args=[cell.pk])
    for address, name in ((crop, "removed"), (whole, "removed-field"), (f"{whole}?size=small", "removed")):
        answer = browser.get(address)
        assert (answer.status_code, answer["Location"]) == (302, f"/static/img/{name}.svg")
    assert browser.get(reverse("cell_context", args=[cell.pk])).status_code == 200
    told = browser.get(f"/api/v1/fields/{field.pk}/image")
    assert told.status_code == 410
    assert told.json()["detail"] == f"The image was removed on {day} by the laboratory's retention rule."


def test_nothing_reports_it_as_missing(signed, doctor, submit):
    sample, other = signed(200, 1, "HV-1"), submit(hostile.jpeg(seed=9)).field
    images_sweep()
    out = io.StringIO()
    call_command("check_images", read=True, stdout=out)
    assert "agree" in out.getvalue()
    file = io.BytesIO()
    assert patient_export(actor=doctor, samples=[sample], file=file) == 0
    with zipfile.ZipFile(file) as archive:
        assert not [name for name in archive.namelist() if name.startswith(("images/", "missing"))]
    assert database.images(connection) == {other.image.sha256}


def test_the_scheduler_rings_for_it():
    entry = shipped.CELERY_BEAT_SCHEDULE["predictions.sweep_images"]
    assert entry["options"]["queue"] == QUEUE_OF["predictions.sweep_images"]
    assert entry["schedule"] == 3600
