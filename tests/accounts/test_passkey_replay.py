"""A passkey's answer counts once; the passkey is made here, so that its answer can be shown again."""

import hashlib
import json

import pytest
from allauth.account.utils import user_pk_to_url_str
from allauth.mfa.models import Authenticator
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec
from django.test import Client
from fido2.cose import ES256
from fido2.utils import websafe_encode
from fido2.webauthn import (
    Aaguid,
    AttestationObject,
    AttestedCredentialData,
    AuthenticatorData,
    CollectedClientData,
)

from tests.accounts.factories import PersonFactory
from tests.accounts.racing import at_once

pytestmark = pytest.mark.django_db(transaction=True)
LOGIN, HOST = "/accounts/2fa/passkeys/login/", "testserver"
USED = AuthenticatorData.FLAG.UP | AuthenticatorData.FLAG.UV


class Passkey:
    """One key of one person, as a device keeps it."""

    def __init__(self, person):
        self.key, self.person = ec.generate_private_key(ec.SECP256R1()), person
        self.name, self.host = b"passkey of the test", hashlib.sha256(HOST.encode()).digest()
        public = ES256.from_cryptography_key(self.key.public_key())
        made = AttestedCredentialData.create(Aaguid.NONE, self.name, public)
        facts = AuthenticatorData.create(self.host, USED | AuthenticatorData.FLAG.AT, 0, made)
        told = {
            "clientDataJSON": self.client("webauthn.create", "made"),
            "attestationObject": AttestationObject.create("none", facts, {}),
        }
        data = {"name": "x", "credential": self.sent(told)}
        Authenticator.objects.create(user=person, type="webauthn", data=data)

    def client(self, kind, challenge):
        return CollectedClientData.create(type=kind, challenge=challenge, origin=f"https://{HOST}")

    def sent(self, told):
        name = websafe_encode(self.name)
        shown = {word: websafe_encode(bytes(one)) for word, one in told.items()}
        return {"id": name, "rawId": name, "type": "public-key", "response": shown}

    def answer(self, challenge):
        facts, client = AuthenticatorData.create(self.host, USED, 1), self.client("webauthn.get", challenge)
        told = {
            "clientDataJSON": client,
            "authenticatorData": facts,
            "signature": self.key.sign(facts + client.hash, ec.ECDSA(hashes.SHA256())),
            "userHandle": user_pk_to_url_str(self.person).encode(),
        }
        return self.sent(told)


def inside(browser):
    return "_auth_user_id" in browser.session


def test_an_answer_lets_in_once_however_often_it_is_shown():
    """By many at once, who share the session of whoever asked; and by the same afterwards."""
    passkey, first = Passkey(PersonFactory()), Client()
    first.get(LOGIN, headers={"x-requested-with": "XMLHttpRequest"})
    asked = {name: one.value for name, one in first.cookies.items()}
    answer = passkey.answer(first.session["mfa.webauthn.state"]["challenge"])
    browsers = [Client() for _ in range(5)]
    for one in browsers:
        one.cookies.load(asked)

    def show(browser):
        return browser.post(LOGIN, {"credential": json.dumps(answer)})

    at_once(*[lambda one=one: show(one) for one in browsers])

    assert sum(inside(one) for one in browsers) == 1
    show(first)
    assert not inside(first)
