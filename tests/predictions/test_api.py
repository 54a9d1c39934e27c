"""The API gives what the pages give, to whom the pages give it, and says clearly why not."""

import io
import threading
import time
from uuid import uuid4

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from django.db import connection
from django.test import Client
from PIL import Image

from accounts.audit.models import AuditEvent
from predictions.models import AnalysisJob, SmearField, StoredImage
from predictions.services import jobs
from predictions.services.analyse import analyse_field
from predictions.states import Failure
from tests.accounts.factories import PASSWORD, PersonFactory
from tests.predictions import hostile
from tests.predictions.plain_model import loaded

pytestmark = pytest.mark.django_db

PREDICT = "/api/v1/predict"


@pytest.fixture
def signed_in(technician, client):
    client.force_login(technician)
    return client


def post(client, content=None, name="smear.jpg", **fields):
    content = hostile.jpeg() if content is None else content
    return client.post(PREDICT, {"file": SimpleUploadedFile(name, content), **fields})


def said(response, status, code):
    assert response.status_code == status, response.content
    body = response.json()
    assert response["Content-Type"] == "application/problem+json"
    assert set(body) == {"type", "title", "status", "detail", "code"}
    assert (body["type"], body["status"], body["code"]) == ("about:blank", status, code)
    assert len(body["detail"]) > 10
    assert not SmearField.objects.exists()
    return body["detail"]


def token(client, person):
    answer = client.post(
        "/_allauth/app/v1/auth/login",
        {"email": person.email, "password": PASSWORD},
        content_type="application/json",
    )
    return answer.json()["meta"]["access_token"]


def test_waiting_ends_at_the_limit_with_an_address(signed_in):
    answer = post(signed_in)
    assert answer.status_code == 202
    body = answer.json()
    assert answer["Location"] == body["status_url"] == f"/api/v1/fields/{body['id']}"
    assert (body["state"], body["predicted_label"], body["confidence"]) == ("queued", None, None)
    assert "waiting" in body["reason"]
    assert signed_in.get(body["status_url"]).json()["state"] == "queued"
    assert not AuditEvent.objects.filter(event="field.opened").exists()


@pytest.mark.django_db(transaction=True)
def test_result_comes_as_soon_as_it_stands(signed_in, settings):
    settings.PREDICT_WAIT_SECONDS = 20
    model = loaded()

    def worker():
        while not (job := AnalysisJob.objects.first()):
            time.sleep(0.02)
        time.sleep(0.3)
        analyse_field(job.field_id, load=lambda: model)
        connection.close()

    thread = threading.Thread(target=worker)
    thread.start()
    began = time.monotonic()
    answer = post(signed_in)
    waited = time.monotonic() - began
    thread.join()
    assert answer.status_code == 200
    assert 0.3 < waited < 1.5
    body = answer.json()
    assert (body["predicted_label"], body["confidence"], body["cells"]) == ("neutrophil", 90.0, 1)
    assert sum(body["probabilities"].values()) == pytest.approx(1)
    assert (body["model_version"], body["model_sha256"]) == (model.version.version, model.version.sha256)
    x0, y0, x1, y1 = body["box"]
    assert 0 <= x0 < x1 <= body["width"] == 96
    assert 0 <= y0 < y1 <= body["height"] == 80
    assert (body["abstained"], body["reason"], body["quality"], body["failure"]) == (False, "", [], None)
    picture = signed_in.get(body["image_path"])
    assert (picture["Content-Type"], picture["X-Content-Type-Options"]) == ("image/jpeg", "nosniff")
    assert "no-store" in picture["Cache-Control"]
    assert Image.open(io.BytesIO(b"".join(picture))).size == (96, 80)


def test_token_signs_in_and_ends_with_the_session(technician):
    client = Client(enforce_csrf_checks=True)
    bearer = {"authorization": f"Bearer {token(client, technician)}"}
    client = Client(enforce_csrf_checks=True, headers=bearer)
    answer = post(client)
    assert answer.status_code == 202
    assert client.get(answer.json()["status_url"]).status_code == 200
    assert client.get(answer.json()["image_path"]).status_code == 200
    technician.set_password("another-thirteen-lamps")
    technician.save()
    assert client.get(answer.json()["status_url"]).status_code == 401


def test_deactivated_person_may_nothing_at_once(technician):
    client = Client()
    client = Client(headers={"authorization": f"Bearer {token(client, technician)}"})
    address = post(client).json()["status_url"]
    technician.is_active = False
    technician.save()
    assert client.get(address).status_code in {401, 403, 404}
    assert post(client).status_code in {401, 403}
    assert SmearField.objects.count() == 1


@pytest.mark.parametrize("bearer", [None, "Bearer nonsense", "Bearer a.b.c", "Bearer"])
def test_strangers_are_told_to_sign_in(client, db, bearer):
    headers = {"authorization": bearer} if bearer else {}
    answer = client.post(PREDICT, {"file": SimpleUploadedFile("x.jpg", hostile.jpeg())}, headers=headers)
    said(answer, 401, "not_authenticated" if bearer is None else "authentication_failed")
    wrong = ', error="invalid_token"' if bearer else ""
    assert answer["WWW-Authenticate"] == f'Bearer realm="HematoVision"{wrong}'


def test_session_without_csrf_token_is_refused(technician):
    client = Client(enforce_csrf_checks=True)
    client.force_login(technician)
    said(post(client), 403, "not_allowed")


def test_doctor_may_not_upload_and_is_told_so(client):
    client.force_login(PersonFactory(doctor=True))
    assert said(post(client), 403, "not_allowed") == "Your role, doctor, may not upload."


def test_others_fields_look_like_none(signed_in, submit):
    field = submit(actor=PersonFactory()).field
    for key in (field.pk, uuid4()):
        for address in (f"/api/v1/fields/{key}", f"/api/v1/fields/{key}/image"):
            answer = signed_in.get(address)
            assert answer.status_code == 404
            assert answer.json()["code"] == "not_found"


def test_lost_image_is_said(signed_in, submit):
    field = submit().field
    field.image.path.unlink()
    answer = signed_in.get(f"/api/v1/fields/{field.pk}/image")
    assert (answer.status_code, answer.json()["code"]) == (410, "image_missing")


def test_opening_a_result_is_logged_once(signed_in, submit, technician):
    field = submit().field
    model = loaded()
    analyse_field(field.pk, load=lambda: model)
    assert signed_in.get(f"/api/v1/fields/{field.pk}").json()["predicted_label"] == "neutrophil"
    event = AuditEvent.objects.get(event="field.opened")
    assert (event.actor, event.subject_id) == (technician, str(field.pk))


def test_no_leukocyte_is_an_answer(signed_in, submit):
    field = submit(hostile.encoded(Image.new("RGB", (64, 64)), "PNG")).field
    model = loaded()
    analyse_field(field.pk, load=lambda: model)
    body = signed_in.get(f"/api/v1/fields/{field.pk}").json()
    assert (body["state"], body["predicted_label"], body["cells"]) == ("done", None, 0)
    assert body["reason"] == "No leukocyte was found in this image."


def test_failure_says_why(signed_in, submit):
    field = submit().field
    jobs.fail(jobs.claim(field.pk), Failure.MODEL_ERROR)
    body = signed_in.get(f"/api/v1/fields/{field.pk}").json()
    assert (body["state"], body["failure"], body["predicted_label"]) == ("failed", "model_error", None)
    assert "Retry" in body["reason"]


def test_same_bytes_twice_are_shown(signed_in):
    one, two = post(signed_in).json(), post(signed_in).json()
    assert one["duplicate_of"] is None
    assert two["duplicate_of"] == one["id"]
    assert two["id"] != one["id"]


CASES = hostile.refused()


@pytest.mark.parametrize(("name", "content", "code", "status"), CASES, ids=[case[0] for case in CASES])
def test_hostile_file_gets_a_status_and_a_reason(signed_in, name, content, code, status):
    # Django's parser drops a file part without content, as browsers never send one.
    said(post(signed_in, content, name), status, code)
    assert not StoredImage.objects.exists()


def test_request_without_a_file(signed_in):
    said(signed_in.post(PREDICT, {"single": "1"}), 400, "no_file")


def test_file_under_another_name(signed_in):
    said(signed_in.post(PREDICT, {"picture": SimpleUploadedFile("x.jpg", hostile.jpeg())}), 400, "no_file")


def test_two_files(signed_in):
    files = [SimpleUploadedFile(f"{n}.jpg", hostile.jpeg(seed=n)) for n in (1, 2)]
    said(signed_in.post(PREDICT, {"file": files}), 400, "too_many_files")


def test_far_too_many_files(signed_in, settings):
    settings.DATA_UPLOAD_MAX_NUMBER_FILES = 5
    files = [SimpleUploadedFile(f"{n}.jpg", b"x") for n in range(6)]
    said(signed_in.post(PREDICT, {"file": files}), 400, "bad_request")


def test_other_content_type(signed_in):
    said(signed_in.post(PREDICT, b"{}", content_type="application/json"), 415, "unsupported_media_type")
    said(signed_in.post(PREDICT, hostile.jpeg(), content_type="image/jpeg"), 415, "unsupported_media_type")


def test_broken_multipart(signed_in):
    for kind in ("multipart/form-data", "multipart/form-data; boundary=x"):
        answer = signed_in.post(PREDICT, b"--y\r\nnot what it says", content_type=kind)
        assert answer.status_code == 400
        assert answer.json()["detail"]


def test_too_large_by_its_header(signed_in, settings):
    settings.UPLOAD_MAX_BYTES = 1000
    large = hostile.png(width=400, height=400)
    assert "MB" in said(post(signed_in, large), 413, "too_large")


def test_other_methods(signed_in):
    said(signed_in.get(PREDICT), 405, "method_not_allowed")
    said(signed_in.put(PREDICT), 405, "method_not_allowed")


def test_uploading_costs_few_queries(signed_in, django_assert_max_num_queries):
    post(signed_in)
    with django_assert_max_num_queries(13):
        post(signed_in, hostile.jpeg(seed=5))
