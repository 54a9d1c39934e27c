"""The API is what its description says: schemathesis tries it as every role; real answers fit their shape."""

import json
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

from accounts.tokens import token_create
from hematovision.core.origin import Origin
from predictions.services import jobs
from predictions.services.analyse import analyse_field
from predictions.states import Failure
from tests.accounts.factories import PersonFactory
from tests.authorisation.world import METHODS, routes
from tests.predictions import hostile
from tests.predictions.plain_model import loaded
from tests.predictions.test_api import token

SCHEMATHESIS = Path(sys.executable).parent / "schemathesis"
ROOT = Path(__file__).resolve().parents[3]


def of_role(role, site):
    return PersonFactory(site=site, **({} if role == "technician" else {role: True}))


def operations():
    """Every address of the API with its methods, as the resolver has them: what the description must tell."""
    told = {}
    for route in routes():
        view = getattr(route.view, "cls", None)
        if route.text.startswith("api/v1/") and view and route.name != "api_schema":
            path = "/" + re.sub(r"<(?:\w+:)?(\w+)>", r"{\1}", route.text)
            told[path] = {one.lower() for one in METHODS if hasattr(view, one.lower())}
    return told


def tried(address, folder, bearer, keys, *more):
    """Run schemathesis against a live server; return its status and what it said."""
    command = (
        *(SCHEMATHESIS, "run", f"{address}/api/v1/schema", "--header", f"Authorization: {bearer}"),
        *("--checks", "all", "--seed", "20261121", "--generation-database", "none", "--no-color", *more),
    )
    env = {**os.environ, "SCHEMATHESIS_HOOKS": "tests.predictions.api.pictures", "PYTHONPATH": str(ROOT)}
    env["HV_TEST_KEYS"] = json.dumps(keys)
    done = subprocess.run(command, cwd=folder, env=env, capture_output=True, text=True, check=False)
    return done.returncode, done.stdout + done.stderr


@pytest.fixture
def keys(submit):
    """The keys of one of each thing that an address tells of."""
    model, admin, person = loaded(), PersonFactory(admin=True), PersonFactory()
    field = submit(hostile.jpeg(seed=1)).field
    analyse_field(field.pk, load=lambda: model)
    facts = {"name": "Scanner", "scopes": ["read"], "days": 1, "origin": Origin()}
    token_key = token_create(actor=admin, person=person, **facts)[0].pk
    told = {"field_id": field.pk, "version_id": model.version.pk, "token_id": token_key, "person": person.pk}
    return {name: str(key) for name, key in told.items()}


# Nobody may do everything; for a doctor what counts is who may not.
@pytest.mark.processes
@pytest.mark.django_db(transaction=True)
@pytest.mark.parametrize(
    ("role", "more"),
    [
        ("technician", ("--max-examples", "5")),
        ("doctor", ("--phases", "coverage")),
        ("admin", ("--max-examples", "5")),
    ],
)
def test_nothing_is_found(live_server, tmp_path, technician, keys, role, more):
    bearer = f"Bearer {token(Client(), of_role(role, technician.site))}"
    status, said = tried(live_server.url, tmp_path, bearer, keys, *more)
    assert status == 0, said
    count = sum(len(methods) for methods in operations().values())
    assert f"{count} selected / {count} total" in said
    assert "Missing test data" not in said


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


def request_examples(told):
    """Each example of a JSON body: path, method and value."""
    for path, methods in told["paths"].items():
        for method, operation in methods.items():
            content = operation.get("requestBody", {}).get("content", {}).get("application/json", {})
            for one in content.get("examples", {}).values():
                yield path, method.upper(), one["value"]


@pytest.mark.django_db(transaction=True)
def test_the_examples_of_requests_work_as_they_stand(client, technician, keys):
    described = schemathesis.openapi.from_wsgi("/api/v1/schema", get_wsgi_application())
    examples = list(request_examples(client.get("/api/v1/schema", {"format": "json"}).json()))
    assert ("/api/v1/tokens", "POST") in [example[:2] for example in examples]
    bearer = f"Bearer {token(Client(), of_role('admin', technician.site))}"
    for path, method, value in examples:
        # Only the keys are others: those of the examples belong to no portal.
        body = {name: keys.get(name, one) for name, one in value.items()}
        case = described[path][method].Case(body=body, media_type="application/json")
        answer = case.call_and_validate(headers={"Authorization": bearer})
        assert 200 <= answer.status_code < 300, (path, answer.json())


def test_the_description_is_whole_and_comes_without_signing_in(client):
    told = yaml.safe_load(client.get("/api/v1/schema").content)
    assert set(told["components"]["securitySchemes"]) == {"person", "machine", "provider", "cookieAuth"}
    assert {path: set(methods) for path, methods in told["paths"].items()} == operations()
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
