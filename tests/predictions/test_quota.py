"""What one person may store in a day: the same for every way in, and nobody slips past."""

import threading
from datetime import timedelta

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from django.db import connection
from django.test import Client
from django.urls import reverse
from django.utils import timezone

from predictions.errors import QuotaReached
from predictions.models import PartialUpload, SmearField
from tests.accounts.factories import PersonFactory
from tests.predictions import hostile
from tests.predictions.web.tus import begin, begun, head, patch

pytestmark = pytest.mark.django_db


@pytest.fixture
def browser(technician, client):
    client.force_login(technician)
    return client


def aged(field, **age):
    SmearField.objects.filter(pk=field.pk).update(created_at=timezone.now() - timedelta(**age))


def test_files_of_the_last_day_count(submit, settings, stored_files):
    settings.UPLOAD_QUOTA_FILES = 2
    old, younger = submit(hostile.jpeg(seed=1)).field, submit(hostile.jpeg(seed=2)).field
    aged(old, hours=20)
    with pytest.raises(QuotaReached) as refused:
        submit(hostile.jpeg(seed=3))
    assert 4 * 3600 - 60 < refused.value.retry_after <= 4 * 3600
    assert "All of that is safe" in str(refused.value.message)
    assert len(stored_files()) == SmearField.objects.count() == 2
    submit(hostile.jpeg(seed=3), actor=PersonFactory(site=younger.site))
    aged(old, hours=25)
    submit(hostile.jpeg(seed=3))


def test_bytes_of_the_last_day_count(submit, settings):
    first, second = submit(hostile.png(seed=1)).field, submit(hostile.png(seed=2)).field
    aged(first, hours=23)
    aged(second, hours=12)
    settings.UPLOAD_QUOTA_BYTES = first.image.bytes * 2 + 10
    with pytest.raises(QuotaReached) as refused:
        submit(hostile.png(seed=3))
    assert 3600 - 60 < refused.value.retry_after <= 3600
    settings.UPLOAD_QUOTA_BYTES = first.image.bytes // 2
    with pytest.raises(QuotaReached) as refused:
        submit(hostile.png(seed=3))
    assert 12 * 3600 - 60 < refused.value.retry_after <= 12 * 3600


def test_nought_sets_no_limit_and_an_empty_day_takes_one_file(submit, settings):
    settings.UPLOAD_QUOTA_FILES, settings.UPLOAD_QUOTA_BYTES = 0, 1
    submit(hostile.png(seed=1))
    with pytest.raises(QuotaReached):
        submit(hostile.png(seed=2))
    settings.UPLOAD_QUOTA_BYTES = 0
    submit(hostile.png(seed=2))


def test_a_program_hears_429_and_when_to_come_back(browser, submit, settings):
    settings.UPLOAD_QUOTA_FILES = 1
    aged(submit().field, hours=22)
    answer = browser.post("/api/v1/predict", {"file": SimpleUploadedFile("a.jpg", hostile.jpeg(seed=2))})
    assert (answer.status_code, answer.json()["code"]) == (429, "quota_reached")
    assert 7000 < int(answer["Retry-After"]) <= 7200


def test_a_file_in_pieces_is_refused_before_a_byte_is_sent(browser, submit, settings):
    first = submit().field
    settings.UPLOAD_QUOTA_BYTES = first.image.bytes + 5000
    refused = begun(browser, 5001)
    assert (refused.status_code, refused.json()["code"]) == (429, "quota_reached")
    assert 86_000 < int(refused["Retry-After"]) <= 86_400
    assert not PartialUpload.objects.exists()
    assert begun(browser, 5000).status_code == 201


def test_pieces_of_a_file_that_finds_the_day_full_are_kept_and_an_empty_one_ends_it(
    browser, submit, settings
):
    content = hostile.jpeg(seed=2)
    address = begin(browser, len(content))
    settings.UPLOAD_QUOTA_FILES = 1
    earlier = submit().field
    assert patch(browser, address, 0, content).status_code == 429
    assert head(browser, address)["Upload-Offset"] == str(len(content))
    aged(earlier, hours=25)
    assert "Upload-Result" in patch(browser, address, len(content), b"").headers


def test_the_page_and_its_form_say_it_kindly(browser, submit, settings):
    settings.UPLOAD_QUOTA_FILES = 1
    submit()
    file = lambda: SimpleUploadedFile("b.jpg", hostile.jpeg(seed=2))  # noqa: E731 -- each post reads its own
    html = browser.post(reverse("upload"), {"files": [file()]}).content.decode()
    assert "you have stored as much as one person may" in html
    one = browser.post(reverse("upload_file"), {"file": file()})
    assert (one.status_code, one.json()["code"]) == (429, "quota_reached")
    assert int(one["Retry-After"]) > 86_000


@pytest.mark.django_db(transaction=True)
def test_of_many_at_the_same_moment_none_slips_past(technician, settings):
    settings.UPLOAD_QUOTA_FILES = 3
    start = threading.Barrier(8)
    told = []

    def upload(seed):
        browser = Client()
        browser.force_login(technician)
        file = SimpleUploadedFile(f"{seed}.jpg", hostile.jpeg(seed=seed))
        start.wait()
        told.append(browser.post("/api/v1/predict", {"file": file}).status_code)
        connection.close()

    people = [threading.Thread(target=upload, args=(seed,)) for seed in range(8)]
    for one in people:
        one.start()
    for one in people:
        one.join()
    assert sorted(told) == [202] * 3 + [429] * 5
    assert SmearField.objects.count() == 3
