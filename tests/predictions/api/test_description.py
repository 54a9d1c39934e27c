"""The API is what its description says: schemathesis tries it as every role; real answers fit their shape."""

import gzip
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
from predictions.api import description
from predictions.models import Cell, Order
from predictions.services import jobs, report_sign, sample_create, sample_submit
from predictions.services.analyse import analyse_field
from predictions.services.reports import Intent
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
def keys(submit, technician):
    """The keys of one of each thing that an address tells of, which the site of the technician may see."""
    model, admin, person = loaded(), PersonFactory(admin=True), PersonFactory()
    open_sample, signed = (
        sample_create(actor=technician, origin=Origin(), facts={"accession": name, "wbc": "6.4"})
        for name in ("TO-REVIEW-1", "SIGNED-1")
    )
    cells = {}
    for seed, sample in enumerate((None, open_sample, signed)):
        field = submit(hostile.jpeg(seed=seed), sample_id=sample and sample.pk).field
        analyse_field(field.pk, load=lambda: model)
        cells[sample] = Cell.objects.get(analysis__field=field)
    sample_submit(actor=technician, origin=Origin(), sample_id=signed.pk)
    signed.refresh_from_db()
    meant = Intent(revision=signed.revision, override="A test.", verify_at="http://x/verify/")
    doctor = of_role("doctor", technician.site)
    report = report_sign(actor=doctor, origin=Origin(), sample_id=signed.pk, intent=meant)
    facts = {"name": "Scanner", "scopes": ["read"], "days": 1, "origin": Origin()}
    token_key = token_create(actor=admin, person=person, **facts)[0].pk
    told = {"field_id": cells[None].analysis.field_id, "version_id": model.version.pk, "token_id": token_key}
    told |= {"sample_id": open_sample.pk, "cell_id": cells[open_sample].pk, "report_id": report.pk}
    order = Order.objects.create(sample=signed, system="urn:x", value="1", placed_by=technician)
    told["service_request_id"] = order.pk
    return {name: str(key) for name, key in {**told, "person": person.pk}.items()}


# Nobody may do everything: each address is tried by whom it is for, and all of them by a doctor, who may
# do little of it through the API.
OF_ADMINS = "^/api/v1/(models|data-sets|training-runs|people|sites|audit|tokens)"
TRIED = {
    "technician": ("--exclude-path-regex", OF_ADMINS, "--max-examples", "3"),
    "admin": ("--include-path-regex", OF_ADMINS, "--max-examples", "3"),
    "doctor": ("--phases", "examples"),
}


@pytest.mark.processes
@pytest.mark.django_db(transaction=True)
@pytest.mark.parametrize("role", TRIED)
def test_nothing_is_found(live_server, tmp_path, technician, keys, role, pytestconfig):
    deep = pytestconfig.getoption("api_examples")
    more = ("--max-examples", str(deep)) if deep else TRIED[role]
    bearer = f"Bearer {token(Client(), of_role(role, technician.site))}"
    status, said = tried(live_server.url, tmp_path, bearer, keys, *more)
    assert status == 0, said
    sys.stdout.write(said)
    count = sum(len(methods) for methods in operations().values())
    selected, total = re.search(r"(\d+) selected / (\d+) total", said).groups()
    assert int(total) == count
    assert int(selected) == (len(list(chosen(more))) or count)
    assert "Missing test data" not in said


def chosen(more):
    """The operations that these options of schemathesis choose, none for all."""
    if "path-regex" in more[0]:
        for path, methods in operations().items():
            if bool(re.match(OF_ADMINS, path)) == ("include" in more[0]):
                yield from methods


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
    bearers = {
        one: f"Bearer {token(Client(), of_role(one, technician.site))}" for one in ("admin", "technician")
    }
    for path, method, value in examples:
        # Only the keys are others: those of the examples belong to no portal.
        body = {name: keys.get(name, one) for name, one in value.items()}
        wanted = {name: keys[name] for name in re.findall(r"{(\w+)}", path)}
        case = described[path][method].Case(path_parameters=wanted, body=body, media_type="application/json")
        bearer = bearers["admin" if re.match(OF_ADMINS, path) else "technician"]
        answer = case.call_and_validate(headers={"Authorization": bearer})
        assert 200 <= answer.status_code < 300, (path, answer.json())


def test_the_description_is_whole_and_comes_without_signing_in(client):
    told = yaml.safe_load(client.get("/api/v1/schema").content)
    assert set(told["components"]["securitySchemes"]) == {"person", "machine", "provider", "cookieAuth"}
    assert {path: set(methods) for path, methods in told["paths"].items()} == operations()
    assert client.get("/api/v1/schema", {"format": "json"}).json() == told


@pytest.mark.parametrize("form", ["yaml", "json"])
def test_the_description_is_made_once_and_comes_small_and_once(client, form, monkeypatch):
    def get(encoding="", **headers):
        told = {"Accept-Encoding": encoding, **headers}
        return client.get("/api/v1/schema", {"format": form}, headers=told)

    plain = get()
    monkeypatch.setattr(description, "SchemaGenerator", None)
    assert "Content-Encoding" not in plain
    for encoding in ("gzip", "br, GZIP;q=0.5"):
        zipped = get(encoding)
        assert (zipped["Content-Encoding"], gzip.decompress(zipped.content)) == ("gzip", plain.content)
        assert len(zipped.content) < len(plain.content) / 10
    for encoding in ("gzip;q=0", "br", "x-gzip;q=0, gzip; q=0.0"):
        assert get(encoding).content == plain.content
    assert {"Accept", "Accept-Encoding"} <= set(re.split(", ?", plain["Vary"]))
    assert (zipped["Cache-Control"], plain["ETag"] == zipped["ETag"]) == ("no-cache", False)
    for one, encoding, status in ((plain, "", 304), (zipped, "gzip", 304), (plain, "gzip", 200)):
        again = get(encoding, **{"If-None-Match": one["ETag"]})
        assert (again.status_code, bool(again.content)) == (status, status == 200)


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
