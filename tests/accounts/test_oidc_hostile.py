"""A provider that lies, is slow, or is not the one; and others who send a browser there or back."""

import base64
import hashlib
import hmac
import json
import time

import pytest
from allauth.socialaccount.models import SocialAccount
from cryptography.hazmat.primitives import serialization
from django.db import transaction

from accounts.models import User
from accounts.services import person_deactivate
from accounts.web import oidc_answers
from tests.accounts.factories import PersonFactory
from tests.accounts.provider import DESCRIPTION, KEYS, TOKEN
from tests.accounts.racing import at_once
from tests.accounts.test_oidc import LOGIN, answered, inside, provider, visit
from tests.accounts.test_races import ran

__all__ = ["provider"]
pytestmark = pytest.mark.django_db
JSON = [("Content-Type", "application/json")]


@pytest.fixture(autouse=True)
def anna():
    return PersonFactory(email="anna@example.org", admin=True)


def said(client):
    """The message on the page that the refusal leads to."""
    return client.get("/accounts/login/").content.decode()


def refused(client, answer):
    """Assert that nobody came in; return the words."""
    assert answer["Location"] == "/accounts/login/"
    assert inside(client) is None
    assert not SocialAccount.objects.exists()
    words = said(client)
    assert "You were not signed in by St. Anna." in words
    return words


def test_a_signature_by_what_is_public_counts_for_nothing(client, provider):
    """The public key as the secret of an HMAC, and as the provider's own secret key."""
    public = provider.key.public_key().public_bytes(
        serialization.Encoding.PEM, serialization.PublicFormat.SubjectPublicKeyInfo
    )

    def part(one):
        return base64.urlsafe_b64encode(one).rstrip(b"=")

    def forged(claims):
        head = part(json.dumps({"alg": "HS256", "kid": "one", "typ": "JWT"}).encode())
        text = head + b"." + part(json.dumps(claims).encode())
        return (text + b"." + part(hmac.digest(public, text, hashlib.sha256))).decode()

    provider.signed = forged
    assert "did not answer as it should" in refused(client, visit(client))
    keys = {"keys": [{"kty": "oct", "kid": "one", "alg": "HS256", "k": part(public).decode()}]}
    provider.instead[KEYS] = ("200 OK", JSON, [json.dumps(keys).encode()])
    refused(client, visit(client))


def test_without_an_id_token_nobody_is_asked_who_it_is(client, provider):
    """Nothing of that would be signed."""
    told = {"access_token": "x", "token_type": "Bearer"}
    provider.described = {"userinfo_endpoint": f"{provider.issuer}/me"}
    provider.instead["/me"] = ("200 OK", JSON, [json.dumps(provider.facts).encode()])
    provider.instead[TOKEN] = ("200 OK", JSON, [json.dumps(told).encode()])
    refused(client, visit(client))


@pytest.mark.parametrize("path", [DESCRIPTION, KEYS, TOKEN])
@pytest.mark.parametrize(
    ("status", "headers", "parts"),
    [
        ("500 Oops", JSON, [b"{}"]),
        ("200 OK", JSON, [b"7"]),
        ("200 OK", JSON, [b"[" * 100_000]),
        ("200 OK", JSON, [b'{"keys": [7]}']),
        ("200 OK", [], [b"\xff"]),
        ("200 OK", JSON, [b" " * 65536] * 32),
        ("307 There", [("Location", DESCRIPTION)], []),
        ("200 OK", [("Content-Encoding", "gzip")], [b"no gzip"]),
    ],
)
def test_an_answer_that_is_none_is_a_refusal(client, provider, path, status, headers, parts):
    provider.instead[path] = (status, headers, parts)
    answer = client.get(LOGIN) if path == DESCRIPTION else visit(client)
    assert "did not answer as it should. Try again in some minutes" in refused(client, answer)


def test_a_provider_that_drips_or_is_away_is_waited_for_no_longer_than_told(client, provider, monkeypatch):
    monkeypatch.setattr(oidc_answers, "ANSWER_SECONDS", 0.3)
    monkeypatch.setattr(oidc_answers, "STEP_SECONDS", 0.3)

    def drip():
        for _ in range(100):
            time.sleep(0.1)
            yield b" "

    provider.instead[DESCRIPTION] = ("200 OK", JSON, drip())
    begun = time.monotonic()
    refused(client, client.get(LOGIN))
    assert time.monotonic() - begun < 4
    provider.server.shutdown()
    provider.server.server_close()
    refused(client, client.get(LOGIN))


@pytest.mark.parametrize(
    "described",
    [
        {"issuer": "https://elsewhere.example"},
        {"issuer": None},
        {"jwks_uri": None},
        {"token_endpoint": "file:///x"},
    ],
)
def test_the_description_of_another_is_not_taken(client, provider, described):
    provider.described = described
    refused(client, client.get(LOGIN))


def test_no_address_leaves_encryption(settings):
    settings.OIDC_ISSUER = "https://id.example.org/"
    told = dict.fromkeys(oidc_answers.ENDPOINTS, "https://id.example.org/x") | {
        "issuer": "https://id.example.org"
    }
    assert oidc_answers.checked_description(told) == told
    with pytest.raises(oidc_answers.AnswerRefusedError):
        oidc_answers.checked_description(told | {"token_endpoint": "http://id.example.org/x"})


def test_the_same_subject_at_another_issuer_is_somebody_else(client, provider, anna):
    SocialAccount.objects.create(
        user=anna, provider="oidc", uid="anna-1", extra_data={"id_token": {"iss": "https://earlier.example"}}
    )
    assert visit(client)["Location"] == "/accounts/login/"
    assert inside(client) is None


def test_an_answer_counts_once_and_where_it_was_begun(client, provider):
    theirs = type(client)()
    back = answered(theirs)
    assert "begun elsewhere or too long ago" in refused(client, client.get(back))
    refused(client, client.get(f"{LOGIN}callback/", {"code": "x"}))
    theirs.get(back)
    assert inside(theirs)
    theirs.post("/accounts/logout/")
    theirs.get(back)
    assert inside(theirs) is None


def test_whoever_breaks_off_there_is_told_so(client, provider):
    answered(client)
    way = {"state": provider.asked["state"], "error": "access_denied"}
    assert "was broken off" in refused(client, client.get(f"{LOGIN}callback/", way))


def test_the_address_says_nothing_to_the_provider_but_where_to_go_on(client, provider):
    """Neither where the answer goes, nor whose it is, nor what is asked for, nor that it links an account."""
    evil = "redirect_uri=https%3A%2F%2Fevil.example&state=theirs&client_id=other&nonce=1"
    client.get(
        answered(client, f"{LOGIN}?auth_params={evil.replace('=', '%3D').replace('&', '%26')}&scope=x")
    )
    assert provider.asked["redirect_uri"] == "http://testserver/accounts/oidc/oidc/login/callback/"
    assert provider.asked["client_id"] == "hematovision"
    assert set(provider.asked["scope"].split()) == {"openid", "profile", "email"}
    assert inside(client)


@pytest.mark.parametrize(
    "way", ["https://evil.example/", "//evil.example/", "/\\evil.example", "javascript:1"]
)
def test_nobody_is_sent_elsewhere_afterwards(client, provider, way):
    assert client.get(answered(client, f"{LOGIN}?next={way}"))["Location"] == "/"


def test_only_what_is_needed_of_an_identity_is_kept(client, provider):
    provider.facts |= {"phone_number": "0170", "note": "\0"}
    visit(client)
    kept = SocialAccount.objects.get().extra_data["id_token"]
    assert set(kept) == {"iss", "sub", "email", "email_verified"}


def test_a_session_does_not_keep_its_key_through_the_sign_in(client, provider):
    back = answered(client)
    before = client.session.session_key
    client.get(back)
    assert inside(client)
    assert client.session.session_key != before


@pytest.mark.django_db(transaction=True)
def test_of_two_identities_at_once_one_is_linked(client, provider):
    others = [client, type(client)()]
    backs = [answered(one) for one in others]
    subjects, signed = iter(["anna-1", "anna-2"]), provider.signed
    provider.signed = lambda claims: signed(claims | {"sub": next(subjects)})
    at_once(*[lambda one=one, back=back: one.get(back) for one, back in zip(others, backs, strict=True)])
    assert SocialAccount.objects.count() == 1
    assert sum(bool(inside(one)) for one in others) == 1


@pytest.mark.django_db(transaction=True)
def test_an_identity_is_linked_to_nobody_who_is_being_shut_out(client, provider, anna):
    back = answered(client)
    with transaction.atomic():
        person_deactivate(actor=PersonFactory(admin=True), person=anna)
        begun = ran(lambda: client.get(back))
    begun.join()
    assert not User.objects.get(pk=anna.pk).is_active
    assert not SocialAccount.objects.exists()
