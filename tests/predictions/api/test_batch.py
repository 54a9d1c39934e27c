"""Many images in one request: each has the answer of a request of its own, and none costs another."""

import threading
import time

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from django.db import connection
from django.test import Client

from accounts.audit.models import AuditEvent
from accounts.tokens import token_create
from hematovision.core.origin import Origin
from predictions.models import AnalysisJob, SmearField
from predictions.services.analyse import analyse_field
from tests.accounts.factories import PersonFactory
from tests.predictions import hostile, tiffs
from tests.predictions.api.test_idempotency import at_once
from tests.predictions.plain_model import loaded

pytestmark = pytest.mark.django_db
BATCH = "/api/v1/predict/batch"


def send(client, *contents, key=None, **more):
    files = [SimpleUploadedFile(f"{n}.jpg", content) for n, content in enumerate(contents)]
    headers = {"Idempotency-Key": key} if key else {}
    return client.post(BATCH, {"file": files, **more}, headers=headers)


@pytest.fixture
def program(technician):
    """A client with a machine token that may only predict."""
    admin = PersonFactory(admin=True)
    facts = {"name": "Scanner", "days": 1, "origin": Origin(), "scopes": ["predict"]}
    _token, text = token_create(actor=admin, person=technician, **facts)
    return Client(headers={"Authorization": f"Bearer {text}"})


def refused(answer, status, code):
    assert (answer.status_code, answer.json()["code"]) == (status, code)
    assert not SmearField.objects.exists()


def test_a_refused_file_costs_no_other_and_the_order_is_kept(program):
    answer = send(program, hostile.jpeg(seed=1), b"%PDF-1.7", b"", tiffs.tiff(), hostile.bomb(12_000, 12_000))
    assert answer.status_code == 202
    told = answer.json()["results"]
    assert [one.get("state") or (one["status"], one["code"]) for one in told] == [
        "queued",
        (415, "unsupported_type"),
        (422, "empty"),
        "queued",
        (413, "too_many_pixels"),
    ]
    assert [told[0]["width"], told[3]["status_url"]] == [96, f"/api/v1/fields/{told[3]['id']}"]
    assert set(SmearField.objects.values_list("original_name", flat=True)) == {"0.jpg", "3.jpg"}
    assert AuditEvent.objects.filter(event="field.uploaded", agent__startswith="Scanner").count() == 2


def test_all_refused_is_an_answer_at_once(program, settings):
    settings.PREDICT_WAIT_SECONDS = 10
    began = time.monotonic()
    answer = send(program, b"%PDF-1.7", b"GIF89a")
    assert [one["code"] for one in answer.json()["results"]] == ["unsupported_type"] * 2
    assert answer.status_code == 200
    assert time.monotonic() - began < 5


@pytest.mark.django_db(transaction=True)
def test_the_whole_waits_once_and_tells_every_cell(program, settings):
    settings.PREDICT_WAIT_SECONDS = 20
    model = loaded()

    def worker():
        while AnalysisJob.objects.count() < 3:
            time.sleep(0.02)
        # The last one first, so that waiting for it alone would end too early.
        for field in SmearField.objects.order_by("-created_at"):
            analyse_field(field.pk, load=lambda: model)
            time.sleep(0.2)
        connection.close()

    thread = threading.Thread(target=worker)
    thread.start()
    answer = send(program, *(hostile.jpeg(seed=n) for n in range(3)))
    thread.join()
    assert answer.status_code == 200
    told = answer.json()["results"]
    assert [(one["state"], one["cells"], len(one["found"])) for one in told] == [("done", 1, 1)] * 3
    assert all(one["found"][0]["box"] == one["box"] for one in told)


@pytest.mark.django_db(transaction=True)
@pytest.mark.parametrize(("wait", "least", "most"), [("0", 0, 1), ("1", 1, 2.5)])
def test_the_sender_may_wait_less(program, settings, wait, least, most):
    settings.PREDICT_WAIT_SECONDS = 20
    began = time.monotonic()
    answer = send(program, hostile.jpeg(seed=1), hostile.jpeg(seed=2), wait=wait)
    assert least <= time.monotonic() - began < most
    assert (answer.status_code, answer["Retry-After"]) == (202, "2")


def test_same_bytes_twice_are_shown(program):
    one, two = send(program, hostile.jpeg(), hostile.jpeg()).json()["results"]
    assert two["duplicate_of"] == one["id"]


def test_single_counts_for_all(program):
    send(program, hostile.jpeg(seed=1), hostile.jpeg(seed=2), single="yes")
    assert set(SmearField.objects.values_list("single", flat=True)) == {True}


def test_the_quota_ends_where_it_ends(program, settings):
    settings.UPLOAD_QUOTA_FILES = 2
    told = send(program, *(hostile.jpeg(seed=n) for n in range(4))).json()["results"]
    assert [one.get("code") for one in told] == [None, None, "quota_reached", "quota_reached"]
    assert told[2]["status"] == 429
    assert 86_000 < told[2]["retry_after"] <= 86_400
    assert SmearField.objects.count() == 2


def test_too_many_and_too_large(program, settings):
    settings.PREDICT_BATCH_FILES = 2
    refused(send(program, *(hostile.jpeg(seed=n) for n in range(3))), 400, "too_many_files")
    settings.PREDICT_BATCH_BYTES = 1000
    refused(send(program, hostile.png(width=400, height=400)), 413, "too_large")


def test_a_file_that_is_too_large_is_refused_alone(program, settings):
    settings.UPLOAD_MAX_BYTES = 100_000
    told = send(program, hostile.png(), hostile.png(width=600, height=600), hostile.png(seed=2)).json()[
        "results"
    ]
    assert [one.get("code") for one in told] == [None, "too_large", None]


@pytest.mark.parametrize("more", [{"wait": "-1"}, {"wait": "soon"}, {"wait": "²"}, {"single": "perhaps"}])
def test_a_value_that_is_not_understood_stores_nothing(program, more):
    refused(send(program, hostile.jpeg(), **more), 400, "bad_value")


def test_a_file_under_another_name_stores_nothing(program):
    refused(send(program, hostile.jpeg(), other=SimpleUploadedFile("b.jpg", b"x")), 400, "no_file")


def test_no_file(program):
    refused(program.post(BATCH, {"single": "1"}), 400, "no_file")


def test_who_may(client, program):
    client.force_login(PersonFactory(doctor=True))
    refused(send(client, hostile.jpeg()), 403, "not_allowed")
    refused(send(Client(), hostile.jpeg()), 401, "not_authenticated")


def test_a_request_that_comes_again_with_its_key_stores_nothing_twice(program):
    first = send(program, hostile.jpeg(seed=1), b"%PDF-1.7", hostile.jpeg(seed=2), key="run-1")
    again = send(program, hostile.jpeg(seed=1), b"%PDF-1.7", hostile.jpeg(seed=2), key="run-1")
    assert again.json() == first.json()
    assert ("Idempotent-Replayed" in first, again["Idempotent-Replayed"]) == (False, "true")
    assert SmearField.objects.count() == 2
    other = send(program, hostile.jpeg(seed=3), key="run-1")
    assert (other.status_code, other.json()["code"]) == (422, "key_reused")
    assert SmearField.objects.count() == 2


def test_the_same_file_twice_under_one_key_is_stored_twice(program):
    one, two = send(program, hostile.jpeg(), hostile.jpeg(), key="k" * 200).json()["results"]
    assert one["id"] != two["id"]


def test_what_an_interrupted_request_has_stored_is_not_stored_again(program, settings):
    settings.UPLOAD_QUOTA_FILES = 1
    first = send(program, hostile.jpeg(seed=1), hostile.jpeg(seed=2), key="run-2").json()["results"]
    assert first[1]["code"] == "quota_reached"
    settings.UPLOAD_QUOTA_FILES = 10
    again = send(program, hostile.jpeg(seed=1), hostile.jpeg(seed=2), key="run-2").json()["results"]
    assert again[0]["id"] == first[0]["id"]
    assert again[1]["state"] == "queued"
    assert SmearField.objects.count() == 2


@pytest.mark.django_db(transaction=True)
def test_parallel_requests_with_one_key_make_each_field_once(program):
    answers = at_once(8, lambda: send(program, hostile.jpeg(seed=1), hostile.jpeg(seed=2), key="run-3"))
    told = [[one["id"] for one in answer.json()["results"]] for answer in answers]
    assert [one == told[0] for one in told] == [True] * 8
    assert SmearField.objects.count() == AnalysisJob.objects.count() == 2
