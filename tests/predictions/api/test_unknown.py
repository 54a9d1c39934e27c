"""What a request names and the API does not know is refused, since whoever names it means something by it."""

import pytest
from django.core.files.uploadedfile import SimpleUploadedFile
from django.urls import reverse

from predictions.models import Cell, CellReview, Sample, SmearField
from predictions.services.analyse import analyse_field
from tests.predictions import hostile
from tests.predictions.api.test_samples import SAMPLES, Asking
from tests.predictions.plain_model import loaded

pytestmark = pytest.mark.django_db


@pytest.fixture
def api(technician):
    return Asking(technician)


def names(answer):
    """Return the fields that were refused, and the sentence to the first."""
    assert (answer.status_code, answer.json()["code"]) == (422, "invalid"), answer.content
    errors = answer.json()["errors"]
    return list(errors), next(iter(errors.values()))[0]


def test_registering_changing_finding_and_handing_on(api):
    told = names(api.post(SAMPLES, {"accession": "HV-1", "wbcc": 6.4, "Note": "x"}))
    assert told[0] == ["Note", "wbcc"]
    assert told[1].startswith("There is no such field; there are: accession, age_unit, ")
    assert not Sample.objects.exists()
    links = api.post(SAMPLES, {"accession": "HV-1"}).json()["links"]
    before = Sample.objects.values().get()
    assert names(api.patch(links["self"], {"note": "x", "state": "signed"}))[0] == ["state"]
    assert names(api.post(links["submit"], {"comment": "x"}))[1] == "There is no such field; there are: none."
    assert Sample.objects.values().get() == before
    assert names(api.post(f"{SAMPLES}/search", {"accession": "HV-1", "site": "x"}))[0] == ["site"]


def test_a_word_on_a_cell(api, submit):
    sample = Sample.objects.get(pk=api.post(SAMPLES, {"accession": "HV-1"}).json()["id"])
    model = loaded()
    analyse_field(submit(hostile.jpeg(), sample_id=sample.pk).field.pk, load=lambda: model)
    address = reverse("api_cell_reviews", args=[Cell.objects.get().pk])
    told = names(api.post(address, {"code": None, "seen": 0, "by": "Dr X"}))
    assert told == (["by"], "There is no such field; there are: code, seen.")
    assert not CellReview.objects.exists()


@pytest.mark.parametrize(
    ("address", "known"),
    [
        ("/api/v1/predict", "file, single"),
        ("/api/v1/predict/batch", "file, single, wait"),
        ("fields", "again, file, single"),
    ],
)
@pytest.mark.parametrize("more", ["sngle", "csrfmiddlewaretoken", "file2"])
def test_a_form(api, address, known, more):
    if address == "fields":
        address = api.post(SAMPLES, {"accession": "HV-1"}).json()["links"]["fields"]
    told = names(api.upload(address, **{more: "1"}))
    assert told == ([more], f"There is no such field; there are: {known}.")
    assert not SmearField.objects.exists()


def test_lists_without_filters_of_their_own(api):
    links = api.post(SAMPLES, {"accession": "HV-1"}).json()["links"]
    for name in ("fields", "cells", "reports", "events"):
        assert api.get(f"{links[name]}?limit=5").status_code == 200
        told = names(api.get(f"{links[name]}?state=done"))
        assert told == (["state"], "There is no such filter; there are: after, limit.")


def test_a_field_that_comes_twice_or_is_too_much(api):
    for body, status, code in (
        ('{"accession": "HV-1", "accession": "HV-2"}', 400, "parse_error"),
        ('{"\\ud800": 1}', 400, "parse_error"),
        ("[" * 100_000, 400, "parse_error"),
        (" " * 256 * 1024 + "{}", 413, "too_large"),
    ):
        answer = api.client.post(SAMPLES, body, "application/json")
        assert (answer.status_code, answer.json()["code"]) == (status, code)
    assert not Sample.objects.exists()


def test_a_form_with_two_files_is_told_of_the_files(api):
    other = SimpleUploadedFile("b.jpg", hostile.jpeg(seed=2))
    assert api.upload("/api/v1/predict", other=other).json()["code"] == "too_many_files"


def test_the_description_says_so(client):
    told = client.get("/api/v1/schema", {"format": "json"}).json()
    kinds = [
        (path, kind["schema"])
        for path, methods in told["paths"].items()
        for operation in methods.values()
        for kind in operation.get("requestBody", {}).get("content", {}).values()
    ]
    assert len(kinds) >= 9
    for path, shape in kinds:
        name = shape.get("$ref", "").rpartition("/")[2]
        described = told["components"]["schemas"][name] if name else shape
        assert described["additionalProperties"] is False, path
