"""The authorisation matrix: who gets which answer at which address, for whose object.

``matrix.csv`` is the law. Its objects are ``own`` (of the technician's site; for people: oneself), ``other``
(of another site; another person), ``any`` (it belongs to nobody), ``none`` (it does not exist) and ``-`` (the
address takes none). ``disabled`` was an admin with a session or token until a moment before.
"""

import contextlib
import csv
from pathlib import Path

import pytest
from django.db import transaction

from tests.authorisation.world import METHODS, WHO, World, routes

MATRIX = list(csv.DictReader((Path(__file__).parent / "matrix.csv").open(encoding="utf-8")))
ROUTES = {route.text: route for route in routes()}
OWNED = {"field_id", "cell_id", "person_id", "pk", "report_id", "sample_id", "upload_id", "view_id"}
OWNED |= {"service_request_id"}
PUBLIC = (
    "healthz",
    "readyz",
    "csp-reports",
    "api/v1/sch",
    "api/v1/docs",
    "api/v1/fhir/meta",
    "verify/",
    "welcome/",
    "accounts/",
    "_allauth/",
)
LISTED = {
    address: {line["method"] for line in MATRIX if line["address"] == address}
    for address in {line["address"] for line in MATRIX}
}


def title(line):
    return f"{line['method']} /{line['address']} {line['object']}"


@pytest.fixture
def world(db, settings, tmp_path):
    settings.IMAGE_ROOT = tmp_path / "images"
    settings.PARTIAL_ROOT = tmp_path / "partial"
    settings.DATASET_ROOT = tmp_path / "datasets"
    settings.PREDICT_WAIT_SECONDS = 0
    return World()


def test_every_address_is_in_the_matrix_and_no_line_is_stale():
    assert set(ROUTES) == set(LISTED), "add the address to tests/authorisation/matrix.csv, or take it out"


@pytest.mark.parametrize("address", ROUTES, ids=lambda text: f"/{text}")
def test_every_kind_of_object_of_an_address_is_in_the_matrix(address):
    takes = ROUTES[address].takes
    wanted = {"own", "other", "none"} if takes & OWNED else {"any", "none"} if takes else {"-"}
    for method in LISTED.get(address, ()):
        kinds = [line["object"] for line in MATRIX if (line["address"], line["method"]) == (address, method)]
        assert sorted(kinds) == sorted(wanted), method


@contextlib.contextmanager
def undone():
    """Take back what is written within, so that one line of the matrix does not meet the next."""
    with transaction.atomic():
        yield
        transaction.set_rollback(True)


@pytest.mark.parametrize("address", sorted(LISTED), ids=lambda text: f"/{text}")
def test_the_answers_are_those_of_the_matrix_and_no_other_method_is_allowed(world, address):
    route, wanted, answers = ROUTES[address], {}, {}
    for line in (line for line in MATRIX if line["address"] == address):
        for who in WHO:
            wanted[title(line), who] = line[who]
        with undone():
            for who in WHO:
                answer = str(world.ask(route, line["method"], line["object"], who))
                answers[title(line), who] = line[who] if answer in line[who].split("|") else answer
    which = "any" if route.takes and not route.takes & OWNED else "own"
    for method in set(METHODS) - LISTED[address]:
        wanted[method, "admin"] = 405
        with undone():
            answers[method, "admin"] = world.ask(route, method, which, "admin")
    assert answers == wanted


def test_the_matrix_is_as_large_as_the_portal(record_testsuite_property):
    """How much is asked: each line by each visitor, and each method that an address has not, by an admin."""
    others = sum(len(set(METHODS) - methods) for methods in LISTED.values())
    answers = len(MATRIX) * len(WHO)
    size = f"{len(LISTED)} addresses, {len(MATRIX)} lines x {len(WHO)} visitors = {answers} answers"
    record_testsuite_property("authorisation", f"{size}, and {others} methods that are not allowed")
    print(f"{size}, and {others} methods that are not allowed")  # noqa: T201 -- shown with pytest -s
    assert answers + others >= len(ROUTES) * len(METHODS)


def test_the_matrix_keeps_the_laws_of_the_house():
    for line in MATRIX:
        assert line["anonymous"] == line["disabled"], f"{title(line)}: deactivation counts at once"
        if not line["address"].startswith(PUBLIC):
            assert line["anonymous"] in {"302", "401"}, f"{title(line)}: signed out sees nothing"
        if line["address"] != "healthz":
            assert all(line[who] < "500" for who in WHO), f"{title(line)}: a 5xx is a fault"
        if line["object"] == "other":
            none = next(
                one for one in MATRIX
                if (one["address"], one["method"], one["object"]) == (line["address"], line["method"], "none")
            )  # fmt: skip
            assert line["technician"] == none["technician"], f"{title(line)}: looks as if it did not exist"
