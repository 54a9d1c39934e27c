"""Whom a refusal is about, when not the portal but a proxy in front of it speaks."""

import httpx
import pytest
from hematovision_client import Refused, Unavailable, Unreachable
from hematovision_client.command.sending import refusal
from hematovision_client.errors import error_of


@pytest.mark.parametrize(("status", "kind"), [(413, Refused), (404, Unreachable), (504, Unavailable)])
def test_a_page_of_a_proxy(status, kind):
    assert type(error_of(httpx.Response(status, html="<h1>Sorry</h1>"))) is kind


def test_wrong_values_are_told_one_by_one():
    told = {"detail": "Some.", "code": "invalid", "errors": {"accession": ["Too long.", "Odd."]}}
    assert refusal(error_of(httpx.Response(422, json=told))) == "accession: Too long. Odd."
    assert refusal(error_of(httpx.Response(422, json={"detail": "Some."}))) == "Some."
