"""A provider's token counts only with the right key, issuer, audience, times, address and factor."""

import base64
import hashlib
import hmac
import json
import time
from uuid import uuid4

import jwt
import pytest
from cryptography.hazmat.primitives import serialization
from cryptography.hazmat.primitives.asymmetric import ec, rsa
from django.core.checks import run_checks
from jwt.algorithms import ECAlgorithm, RSAAlgorithm

from tests.accounts.factories import PersonFactory

pytestmark = pytest.mark.django_db

ISSUER, AUDIENCE = "https://id.hospital.example", "hematovision-api"
KEY = rsa.generate_private_key(public_exponent=65537, key_size=2048)
CURVE = ec.generate_private_key(ec.SECP256R1())
NOTHING = f"/api/v1/fields/{uuid4()}"
SET = {
    "keys": [
        json.loads(RSAAlgorithm.to_jwk(KEY.public_key())) | {"kid": "one", "alg": "RS256", "use": "sig"},
        json.loads(ECAlgorithm.to_jwk(CURVE.public_key())) | {"kid": "two"},
    ]
}


@pytest.fixture(autouse=True)
def provider(settings):
    settings.API_TOKEN_ISSUER, settings.API_TOKEN_AUDIENCE = ISSUER, AUDIENCE
    settings.API_TOKEN_JWKS = json.dumps(SET)
    return settings


@pytest.fixture
def technician():
    return PersonFactory()


@pytest.fixture
def claims(technician):
    now = int(time.time())
    told = {"iss": ISSUER, "aud": AUDIENCE, "sub": "4711", "iat": now, "exp": now + 300}
    return told | {"email": technician.email.upper(), "email_verified": True}


def ask(client, text):
    return client.get(NOTHING, headers={"authorization": f"Bearer {text}"})


def signed(claims, key=KEY, algorithm="RS256", kid="one"):
    return jwt.encode(claims, key, algorithm, headers={"kid": kid})


def test_a_token_of_the_provider_counts_for_the_person_with_its_address(client, claims):
    for text in (
        signed(claims),
        signed(claims, CURVE, "ES256", "two"),
        signed(claims | {"aud": ["x", AUDIENCE]}),
    ):
        assert ask(client, text).status_code == 404, "signed in, and there is no such field"


@pytest.mark.parametrize(
    "change",
    [
        {"aud": "other"},
        {"aud": None},
        {"exp": 1_000_000_000},
        {"exp": None},
        {"iat": None},
        {"nbf": 32_000_000_000},
        {"email": "nobody@hospital.example"},
        {"email": None},
        {"email_verified": False},
        {"email_verified": "true"},
        {"email_verified": None},
    ],
    ids=str,
)
def test_a_wrong_claim_is_refused(client, claims, change):
    told = {name: value for name, value in (claims | change).items() if value is not None}
    answer = ask(client, signed(told))
    assert (answer.status_code, answer.json()["code"]) == (401, "authentication_failed")
    assert "Bearer" in answer["WWW-Authenticate"]


@pytest.mark.parametrize(("ours", "foreign"), [("i", "\u0131"), ("s", "\u017f"), ("k", "\u212a")])
def test_a_foreign_letter_is_another_address(client, claims, ours, foreign):
    """Where a database leaves case aside, some of them are ours."""
    address = "skid@example.org"
    PersonFactory(email=address)
    assert ask(client, signed(claims | {"email": address.upper()})).status_code == 404
    assert ask(client, signed(claims | {"email": address.replace(ours, foreign)})).status_code == 401


def test_another_issuer_is_refused(client, claims):
    assert ask(client, signed(claims | {"iss": "https://evil.example"})).status_code == 401


def forged(claims, header, mac_key=None):
    """A token put together by hand, as the library refuses to."""
    parts = [base64.urlsafe_b64encode(json.dumps(one).encode()).rstrip(b"=") for one in (header, claims)]
    text = b".".join(parts)
    mac = hmac.new(mac_key, text, hashlib.sha256).digest() if mac_key else b""
    return (text + b"." + base64.urlsafe_b64encode(mac).rstrip(b"=")).decode()


def test_nobody_makes_a_token_from_what_is_public(client, claims):
    pem = KEY.public_key().public_bytes(
        serialization.Encoding.PEM, serialization.PublicFormat.SubjectPublicKeyInfo
    )
    other = rsa.generate_private_key(public_exponent=65537, key_size=2048)
    tries = [
        forged(claims, {"alg": "none", "kid": "one"}),
        forged(claims, {"alg": "HS256", "kid": "one"}, pem),
        forged(claims, {"alg": "HS256", "kid": "one"}, json.dumps(SET["keys"][0]).encode()),
        signed(claims, other),
        signed(claims, other, kid="three"),
        signed(claims, KEY, "RS512"),
        signed(claims, CURVE, "ES256", kid="one"),
        jwt.encode(claims, other, "RS256", headers={"kid": "one", "jwk": SET["keys"][0]}),
        signed(claims)[:-6] + "AAAAAA",
    ]
    assert [ask(client, text).status_code for text in tries] == [401] * len(tries)


def test_whoever_needs_a_second_factor_must_have_shown_one_to_the_provider(client, claims):
    told = claims | {"email": PersonFactory(doctor=True).email}
    assert ask(client, signed(told)).status_code == 401
    assert ask(client, signed(told | {"amr": "mfa"})).status_code == 401
    assert ask(client, signed(told | {"amr": ["pwd", "mfa"]})).status_code == 404


def test_a_deactivated_person_is_out_at_once(client, claims, technician):
    technician.is_active = False
    technician.save()
    assert ask(client, signed(claims)).status_code == 401


def test_without_an_issuer_in_the_settings_there_is_no_such_door(client, claims, provider):
    provider.API_TOKEN_ISSUER = ""
    assert ask(client, signed(claims)).status_code == 401
    assert ask(client, signed(claims | {"iss": ""})).status_code == 401


@pytest.mark.parametrize(
    "keys",
    [
        "",
        "{}",
        '{"keys": []}',
        '{"keys": [{"kty": "oct", "k": "c2VjcmV0"}]}',
        '{"keys": [{"kty": "RSA", "d": "x"}]}',
    ],
)
def test_keys_that_cannot_be_used_stop_the_start(provider, keys):
    assert not run_checks()
    provider.API_TOKEN_JWKS = keys
    assert [one.id for one in run_checks()] == ["accounts.E002"]
