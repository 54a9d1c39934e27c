"""The database goes away in the middle of an upload: 503, nothing half kept, and the next one works."""

import psycopg2
import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from django.db import connection

from predictions.models import SmearField
from predictions.pipeline.inspect import inspect
from predictions.services import submit as submitting
from tests.database import address
from tests.predictions import hostile

pytestmark = pytest.mark.django_db(transaction=True)


def cut():
    """End this test's own connection from outside, as a restart of the server does."""
    with connection.cursor() as cursor:
        cursor.execute("SELECT pg_backend_pid()")
        (backend,) = cursor.fetchone()
    other = psycopg2.connect(address("default"))
    other.cursor().execute("SELECT pg_terminate_backend(%s)", [backend])
    other.commit()
    other.close()


def test_upload_is_refused_and_the_next_one_works(client, technician, monkeypatch):
    client.force_login(technician)
    content = hostile.jpeg()
    record = submitting.record

    def cut_before_the_event(*args, **facts):
        cut()
        return record(*args, **facts)

    with monkeypatch.context() as patch:
        patch.setattr(submitting, "record", cut_before_the_event)
        answer = client.post("/api/v1/predict", {"file": SimpleUploadedFile("a.jpg", content)})
    assert (answer.status_code, answer.json()["code"]) == (503, "database_away")
    assert answer["Retry-After"]
    connection.close()
    assert not SmearField.objects.exists()
    # Without a database nobody could say whether the file is needed, so it may have stayed: the check
    # finds it, and the same upload takes it up again.
    answer = client.post("/api/v1/predict", {"file": SimpleUploadedFile("a.jpg", content)})
    assert answer.status_code == 202
    assert inspect(read=True).clean
