"""Tokens of the API: got by signing in, and dead as soon as their person may no longer."""

import time

import pytest
from django.contrib.sessions.models import Session
from rest_framework.exceptions import AuthenticationFailed
from rest_framework.request import Request
from rest_framework.test import APIRequestFactory
from rest_framework.views import APIView

from accounts.audit.models import AuditEvent
from accounts.permissions import Capability, can
from accounts.services import person_change_role, person_deactivate
from accounts.web.limits import BEGUN
from tests.accounts.factories import PASSWORD, PersonFactory

pytestmark = pytest.mark.django_db
LOGIN = "/_allauth/app/v1/auth/login"
SESSION = "/_allauth/app/v1/auth/session"
REFRESH = "/_allauth/app/v1/tokens/refresh"


def sign_in(client, email, password=PASSWORD):
    return client.post(LOGIN, {"email": email, "password": password}, content_type="application/json")


def token_of(client, person):
    return sign_in(client, person.email).json()["meta"]


def who_is(token):
    """Return the person that the API's own authentication finds behind an access token."""
    request = APIRequestFactory().get("/", HTTP_AUTHORIZATION=f"Bearer {token}")
    return Request(request, authenticators=APIView().get_authenticators()).user


def test_a_program_signs_in_and_is_known_by_its_token(client):
    person = PersonFactory()
    assert who_is(token_of(client, person)["access_token"]) == person
    event = AuditEvent.objects.get()
    assert (event.event, event.actor) == ("signin.succeeded", person)


def test_wrong_unknown_and_deactivated_look_the_same(client):
    PersonFactory(email="anna@example.org")
    PersonFactory(email="gone@example.org", deactivated=True)
    answers = [
        sign_in(client, "anna@example.org", "wrong"),
        sign_in(client, "nobody@example.org"),
        sign_in(client, "gone@example.org"),
    ]
    assert {answer.status_code for answer in answers} == {400}
    assert len({answer.content for answer in answers}) == 1
    assert AuditEvent.objects.filter(event="signin.failed").count() == 3


def test_too_many_attempts_are_refused(client):
    person = PersonFactory()
    for _ in range(5):
        sign_in(client, person.email, "wrong")
    answer = sign_in(client, person.email)
    assert answer.status_code == 400
    assert "Too many failed login attempts" in answer.content.decode()


def test_a_token_dies_with_deactivation(client, api_refuses):
    admin, person = PersonFactory(admin=True), PersonFactory()
    token = token_of(client, person)

    person_deactivate(actor=admin, person=person)

    api_refuses(token["access_token"])
    assert refresh(client, token).status_code == 400


def test_a_session_that_nobody_noted_gives_no_way_back(client, api_refuses):
    """The token checks the person on every request, not only that the session is there."""
    person = PersonFactory()
    token = token_of(client, person)
    type(person).objects.filter(pk=person.pk).update(is_active=False)
    api_refuses(token["access_token"])


def test_a_change_of_role_counts_at_once_and_asks_for_a_new_token(client, api_refuses):
    admin, person = PersonFactory(admin=True), PersonFactory()
    token = token_of(client, person)

    person_change_role(actor=admin, person=person, role="doctor")

    api_refuses(token["access_token"])
    assert refresh(client, token).status_code == 400
    fresh = who_is(token_of(client, person)["access_token"])
    assert not can(fresh, Capability.UPLOAD)


def test_a_token_dies_with_a_new_password(client, api_refuses):
    person = PersonFactory()
    token = token_of(client, person)
    person.set_password("fourteen-red-lamps")
    person.save()
    api_refuses(token["access_token"])


def test_signing_out_ends_the_token(client, api_refuses):
    person = PersonFactory()
    token = token_of(client, person)

    client.delete(SESSION, HTTP_AUTHORIZATION=f"Bearer {token['access_token']}")

    api_refuses(token["access_token"])
    assert AuditEvent.objects.first().event == "signout"


def test_a_token_is_renewed_once(client):
    person = PersonFactory()
    token = token_of(client, person)
    renewed = refresh(client, token)
    assert who_is(renewed.json()["data"]["access_token"]) == person
    assert refresh(client, token).status_code == 400


def test_renewing_a_token_makes_its_session_no_longer(client):
    token = token_of(client, PersonFactory())
    session = Session.objects.get()
    assert refresh(client, token).status_code == 200
    assert Session.objects.get().expire_date == session.expire_date
    # What counts as a proof of identity is the sign-in itself, and not when its session is first shown.
    assert session.get_decoded()[BEGUN] <= time.time()


@pytest.mark.parametrize(
    "body",
    [
        "[" * 100_000,
        '{"email": "a@example.org", "password": "\\ud800"}',
        '{"email": ' + "9" * 5000 + "}",
        '{"refresh_token": "\\ud800"}',
    ],
)
@pytest.mark.parametrize("address", [LOGIN, REFRESH])
def test_a_body_that_cannot_be_read_is_refused(client, address, body):
    PersonFactory(email="a@example.org")
    assert client.post(address, body, content_type="application/json").status_code == 400


@pytest.mark.parametrize("token", ["nonsense", "a.b.c", "é"])
def test_a_made_up_token_is_refused(api_refuses, token):
    api_refuses(token)


def test_the_rest_of_the_headless_api_has_no_address(client):
    for path in (
        "auth/signup",
        "account/email",
        "account/phone",
        "account/password/change",
        "auth/reauthenticate",
    ):
        assert client.post(f"/_allauth/app/v1/{path}", content_type="application/json").status_code == 404
    assert client.get("/_allauth/browser/v1/config").status_code == 404


def refresh(client, token):
    return client.post(REFRESH, {"refresh_token": token["refresh_token"]}, content_type="application/json")


@pytest.fixture
def api_refuses():
    """Assert that the API's authentication refuses a token."""

    def refuses(token):
        with pytest.raises(AuthenticationFailed):
            who_is(token)

    return refuses
