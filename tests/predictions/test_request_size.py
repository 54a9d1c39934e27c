"""A request brings no more into memory or onto the disk than a file may have."""

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from django.test import RequestFactory

from predictions.models import SmearField
from tests.predictions import hostile


def parsed(*contents):
    files = [SimpleUploadedFile(f"{n}.png", content) for n, content in enumerate(contents)]
    return RequestFactory().post("/", {"files": files}).FILES.getlist("files")


def test_rest_of_a_large_file_is_dropped_and_its_neighbours_are_whole(settings):
    settings.UPLOAD_MAX_BYTES = 100_000
    small, large, last = parsed(b"a" * 5_000, b"b" * 3_000_000, b"c" * 7_000)
    assert (small.read(), last.read()) == (b"a" * 5_000, b"c" * 7_000)
    kept = large.read()
    assert 100_000 < len(kept) < 200_000


@pytest.mark.django_db
def test_large_file_is_refused_and_its_neighbours_go_on(client, technician, settings):
    settings.UPLOAD_MAX_BYTES = 100_000
    client.force_login(technician)
    files = [
        SimpleUploadedFile("one.png", hostile.png(seed=1)),
        SimpleUploadedFile("large.png", hostile.png(width=600, height=600)),
        SimpleUploadedFile("two.png", hostile.png(seed=2)),
    ]
    page = client.post("/upload/", {"files": files})
    assert page.status_code == 422
    assert "large.png" in page.content.decode()
    assert set(SmearField.objects.values_list("original_name", flat=True)) == {"one.png", "two.png"}


@pytest.mark.django_db
def test_request_that_would_fill_the_disk_is_refused_unread(client, technician, settings):
    settings.REQUEST_MAX_BYTES = 50_000
    client.force_login(technician)
    answer = client.post(
        "/upload/file/", {"file": SimpleUploadedFile("a.png", hostile.png(width=200, height=200))}
    )
    assert answer.status_code in {400, 413}
    assert not SmearField.objects.exists()
