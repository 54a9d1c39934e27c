"""The keys in addresses are taken in capitals too, and told in small letters."""

import re
from uuid import UUID

import pytest
from django.test import RequestFactory
from django.urls import resolve

from hematovision.core.middleware import keys_in_either_case
from hematovision.core.origin import Origin
from predictions.services import sample_create
from tests.accounts.factories import PersonFactory
from tests.authorisation.world import routes

KEY = UUID("0b0c5a4e-6c0e-4a35-8f6e-0d6f0f6f8f57")


def taken(path):
    """The path of a request as everything behind the middleware reads it."""
    request = RequestFactory().get(path)
    keys_in_either_case(lambda _request: None)(request)
    assert request.path == request.path_info
    return request.path


@pytest.mark.parametrize("text", [route.text for route in routes() if "<uuid:" in route.text])
def test_every_address_with_a_key_takes_it_in_either_case(text):
    others = {"int": "7", "str": "Aa", "slug": "Aa", "uuid": "%s"}
    here = "/" + re.sub(r"<(\w+):\w+>", lambda part: others[part[1]], text)
    keys = here.count("%s")
    small, capitals = here % ((str(KEY),) * keys), here % ((str(KEY).upper(),) * keys)
    assert taken(capitals) == taken(small) == small
    assert KEY in resolve(taken(capitals)).kwargs.values()


@pytest.mark.parametrize(
    "path", ["/welcome/AbC", "/verify/?code=A", f"/x/{str(KEY).upper()}0/", f"/x/{str(KEY).upper()}.PNG"]
)
def test_nothing_else_of_an_address_is_changed(path):
    assert taken(path) == path.split("?")[0]


@pytest.mark.django_db
@pytest.mark.parametrize("address", ["/api/v1/samples/%s", "/samples/%s/"])
def test_who_asks_in_capitals_gets_the_same(client, address):
    technician = PersonFactory()
    sample = sample_create(actor=technician, origin=Origin(), facts={"accession": "HV-1"})
    client.force_login(technician)
    answer = client.get(address % str(sample.pk).upper())
    assert answer.status_code == 200
    assert str(sample.pk) in answer.content.decode()
    assert str(sample.pk).upper() not in answer.content.decode()
