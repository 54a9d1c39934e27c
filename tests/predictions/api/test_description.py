"""The API is what its description says: schemathesis tries it as every role; real answers fit their shape."""

import os
import re
import subprocess
import sys
from pathlib import Path

import pytest
import schemathesis
import yaml
from django.core.files.uploadedfile import SimpleUploadedFile
from django.core.wsgi import get_wsgi_application
from django.test import Client
from PIL import Image

from predictions.services import jobs
from predictions.services.analyse import analyse_field
from predictions.states import Failure
from tests.accounts.factories import PersonFactory
from tests.authorisation.world import routes
from tests.predictions import hostile
from tests.predictions.plain_model import loaded
from tests.predictions.test_api import token

SCHEMATHESIS = Path(sys.executable).parent / "schemathesis"
ROOT = Path(__file__).resolve().parents[3]


def of_role(role):
    return PersonFactory(**({} if role == "technician" else {role: True}))


def tried(address, folder, bearer, *more):
    """Run schemathesis against a live server; return its status and what it said."""
    command = (
        *(SCHEMATHESIS, "run", f"{address}/api/v1/schema", "--header", f"Authorization: {bearer}"),
        *("--checks", "all", "--seed", "20261121", "--generation-database", "none", "--no-color", *more),
    )
    env = {**os.environ, "SCHEMATHESIS_HOOKS": "tests.predictions.api.pictures", "PYTHONPATH": str(ROOT)}
    done = subprocess.run(command, cwd=folder, env=env, capture_output=True, text=True, check=False)
    return done.returncode, done.stdout + done.stderr


# A technician may do everything here; for the others what counts is who may not.
@pytest.mark.processes
@pytest.mark.django_db(transaction=True)
@pytest.mark.parametrize(
    ("role", "more"),
    [
        ("technician", ("--max-examples", "10")),
        ("doctor", ("--phases", "coverage")),
        ("admin", ("--phases", "coverage")),
    ],
)
def test_nothing_is_found(live_server, tmp_path, role, more):
    status, said = tried(live_server.url, tmp_path, f"Bearer {token(Client(), of_role(role))}", *more)
    assert status == 0, said
    assert re.search(r"(\d+) selected / \1 total", said)


@pytest.fixture
def ask(technician):
    """Ask for a field through the WSGI application and hold the answer against the description."""
    described = schemathesis.openapi.from_wsgi("/api/v1/schema", get_wsgi_application())
    headers = {"Authorization": f"Bearer {token(Client(), technician)}"}

    def ask(field, address="/api/v1/fields/{field_id}"):
        case = described[address]["GET"].Case(path_parameters={"field_id": str(field.pk)})
        return case.call_and_validate(headers=headers)

    return ask


@pytest.mark.django_db(transaction=True)
def test_answers_of_every_state_have_the_shape_that_is_told(ask, submit):
    model = loaded()
    fields = {name: submit(hostile.jpeg(seed=n)).field for n, name in enumerate(("queued", "failed", "done"))}
    fields["dark"] = submit(hostile.encoded(Image.new("RGB", (64, 64)), "PNG")).field
    jobs.fail(jobs.claim(fields["failed"].pk), Failure.MODEL_ERROR)
    for name in ("done", "dark"):
        analyse_field(fields[name].pk, load=lambda: model)
    told = {name: ask(field).json() for name, field in fields.items()}
    assert {name: (one["state"], one["cells"]) for name, one in told.items()} == {
        "queued": ("queued", 0),
        "failed": ("failed", 0),
        "done": ("done", 1),
        "dark": ("done", 0),
    }
    for name, kind in (("done", "image/jpeg"), ("dark", "image/png")):
        assert ask(fields[name], "/api/v1/fields/{field_id}/image").headers["content-type"] == [kind]


def test_the_description_is_whole_and_comes_without_signing_in(client):
    told = yaml.safe_load(client.get("/api/v1/schema").content)
    assert set(told["components"]["securitySchemes"]) == {"person", "machine", "cookieAuth"}
    there = {re.sub(r"<\w+:(\w+)>", r"{\1}", f"/{route.text}") for route in routes()}
    assert set(told["paths"]) == {path for path in there if path.startswith("/api/")} - {"/api/v1/schema"}
    assert client.get("/api/v1/schema", {"format": "json"}).json() == told


@pytest.mark.django_db
@pytest.mark.parametrize("path", ["/api/v1/nothing", "/api/v1/fields/no-key"])
def test_a_program_gets_json_where_there_is_no_address(client, path):
    answer = client.get(path)
    assert (answer.status_code, answer["Content-Type"]) == (404, "application/problem+json")
    assert answer.json()["code"] == "not_found"


def test_an_image_comes_to_whoever_asks_for_images(client, submit, technician):
    client.force_login(technician)
    for accept in ("image/jpeg", "image/*", "*/*"):
        answer = client.get(f"/api/v1/fields/{submit().field.pk}/image", headers={"Accept": accept})
        assert (answer.status_code, answer["Content-Type"]) == (200, "image/jpeg")


@pytest.mark.parametrize(("word", "status"), [("yes", 202), ("0", 202), ("", 202), ("perhaps", 400)])
def test_single_is_yes_or_no(client, technician, word, status):
    client.force_login(technician)
    file = SimpleUploadedFile("a.jpg", hostile.jpeg())
    answer = client.post("/api/v1/predict", {"file": file, "single": word})
    assert answer.status_code == status
    assert answer.json().get("code") == ("bad_value" if status == 400 else None)
