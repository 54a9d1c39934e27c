"""A request sent again under its key does nothing again, however many come at once."""

import io
import threading
from datetime import timedelta

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from django.db import connection
from django.test import Client
from django.utils import timezone
from rest_framework.response import Response
from rest_framework.test import APIRequestFactory, force_authenticate
from rest_framework.views import APIView

from hematovision.core.origin import Origin
from predictions.api.idempotent import once
from predictions.models import IdempotencyKey, Sample, SmearField
from predictions.services import sample_create
from predictions.services.idempotency import keys_expire
from tests.accounts.factories import PersonFactory
from tests.predictions import hostile

pytestmark = pytest.mark.django_db

PREDICT = "/api/v1/predict"


class Register(APIView):
    """Registers a sample, as the API's addresses that create do."""

    def post(self, request):
        def work():
            facts = {"accession": request.data["accession"]}
            made = sample_create(actor=request.user, origin=Origin(), facts=facts)
            told = {"id": str(made.pk), "revision": made.revision}
            return Response(told, status=201, headers={"Location": f"/samples/{made.pk}"})

        return once(request, work, of_sample=lambda told: told["id"])


def register(person, accession="HV-1", key="k-1", path="/api/v1/there"):
    headers = {} if key is None else {"Idempotency-Key": key}
    request = APIRequestFactory(headers=headers).post(path, {"accession": accession}, format="json")
    force_authenticate(request, person)
    answer = Register.as_view()(request)
    answer.render()
    return answer


def test_the_same_request_gets_the_first_answer(technician):
    first, again = register(technician), register(technician)
    assert (first.status_code, again.status_code) == (201, 201)
    assert "Idempotent-Replayed" not in first
    assert again["Idempotent-Replayed"] == "true"
    assert (again.content, again["Location"]) == (first.content, first["Location"])
    assert Sample.objects.count() == 1
    assert IdempotencyKey.objects.get().sample == Sample.objects.get()


def test_a_key_stands_for_one_request(technician):
    register(technician)
    for other in ({"accession": "HV-2"}, {"path": "/api/v1/elsewhere"}):
        refused = register(technician, **other)
        assert (refused.status_code, refused.data["code"]) == (422, "key_reused")
    assert Sample.objects.count() == 1


def test_a_key_is_its_senders_own(technician):
    register(technician)
    answer = register(PersonFactory(site=technician.site), "HV-2")
    assert (answer.status_code, Sample.objects.count()) == (201, 2)


def test_a_refusal_keeps_nothing_under_the_key(technician):
    refused = register(technician, accession="-")
    assert (refused.status_code, refused.data["code"]) == (422, "invalid")
    assert set(refused.data["errors"]) == {"accession"}
    assert not IdempotencyKey.objects.exists()
    assert register(technician).status_code == 201


@pytest.mark.parametrize("key", ["", " ", "a b", "k" * 201, "ä"])
def test_a_key_is_short_and_plain(technician, key):
    refused = register(technician, key=key)
    assert (refused.status_code, refused.data["code"]) == (400, "bad_value")


def test_keys_are_forgotten_after_a_day(technician):
    register(technician)
    IdempotencyKey.objects.update(created_at=timezone.now() - timedelta(hours=23))
    assert keys_expire() == 0
    IdempotencyKey.objects.update(created_at=timezone.now() - timedelta(hours=25))
    assert keys_expire() == 1


def at_once(number, work):
    """Do ``work`` in so many threads that begin together; return what each gave."""
    gate, answers = threading.Barrier(number), []

    def run():
        try:
            gate.wait()
            answers.append(work())
        finally:
            connection.close()

    threads = [threading.Thread(target=run) for _ in range(number)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    return answers


@pytest.mark.django_db(transaction=True)
def test_twenty_at_once_make_one_sample(technician):
    answers = at_once(20, lambda: register(technician))
    assert [answer.status_code for answer in answers] == [201] * 20
    assert len({answer.content for answer in answers}) == 1
    assert sum("Idempotent-Replayed" in answer for answer in answers) == 19
    assert Sample.objects.count() == 1


def post(client, content, key="k-1"):
    file = SimpleUploadedFile("smear.jpg", content)
    return client.post(PREDICT, {"file": file}, headers={"Idempotency-Key": key})


def signed_in(person):
    client = Client()
    client.force_login(person)
    return client


def test_an_image_sent_again_is_stored_once(technician):
    client, content = signed_in(technician), hostile.jpeg()
    first, again = post(client, content), post(client, content)
    assert (first.status_code, again.status_code) == (202, 202)
    assert first.json() == again.json()
    assert (again["Idempotent-Replayed"], SmearField.objects.count()) == ("true", 1)
    other = post(client, hostile.jpeg(seed=3))
    assert (other.status_code, other.json()["code"]) == (422, "key_reused")
    assert post(client, content, "k-2").json()["duplicate_of"] == first.json()["id"]
    assert SmearField.objects.count() == 2


def test_a_file_that_was_refused_may_come_better_under_its_key(technician):
    client = signed_in(technician)
    assert post(client, b"no picture").status_code == 415
    assert post(client, hostile.jpeg()).status_code == 202


@pytest.mark.django_db(transaction=True)
def test_the_same_image_many_times_at_once_is_one_field(technician, stored_files):
    content = hostile.jpeg()
    answers = at_once(6, lambda: post(signed_in(technician), content))
    assert {answer.status_code for answer in answers} == {202}
    assert len({answer.json()["id"] for answer in answers}) == 1
    assert (SmearField.objects.count(), len(stored_files())) == (1, 1)


def test_the_file_is_read_from_its_beginning_after_it_was_told_apart(technician):
    content = hostile.jpeg()
    field = SmearField.objects.get(pk=post(signed_in(technician), content).json()["id"])
    with field.image.path.open("rb") as stored:
        assert io.BytesIO(stored.read()).getvalue()[:2] == b"\xff\xd8"
