"""A new SECRET_KEY: what the old one signed or sealed holds while it is a fallback, no longer."""

import pytest
from allauth.account.forms import default_token_generator
from allauth.mfa.models import Authenticator
from cryptography.fernet import InvalidToken
from django.core.management import CommandError, call_command
from django.test import Client

from accounts.audit.models import AuditEvent
from accounts.web.factors import FactorAdapter
from tests.accounts.factories import PASSWORD, PersonFactory
from tests.accounts.test_api_tokens import refresh, token_of

pytestmark = pytest.mark.django_db
NEW = "another-key" * 5


def rotate(settings, *, keep=True):
    settings.SECRET_KEY_FALLBACKS, settings.SECRET_KEY = [settings.SECRET_KEY] * keep, NEW


def forget(settings):
    settings.SECRET_KEY_FALLBACKS = []


def signed_in(client):
    return client.get("/samples/").status_code == 200


def test_sessions_hold_and_are_signed_anew_when_used(settings):
    person, used, unused = PersonFactory(), Client(), Client()
    for client in (used, unused):
        client.post("/accounts/login/", {"login": person.email, "password": PASSWORD})
    rotate(settings)
    assert signed_in(used)
    forget(settings)
    assert signed_in(used)
    assert not signed_in(unused)


def test_links_hold_and_new_ones_are_signed_by_the_new_key(settings):
    person = PersonFactory()
    old = default_token_generator.make_token(person)
    rotate(settings)
    new = default_token_generator.make_token(person)
    assert default_token_generator.check_token(person, old)
    forget(settings)
    assert not default_token_generator.check_token(person, old)
    assert default_token_generator.check_token(person, new)


def test_tokens_of_people_end_and_they_sign_in_again(client, settings):
    person = PersonFactory()
    given = token_of(client, person)
    rotate(settings)
    assert refresh(client, given).status_code == 400
    assert refresh(client, token_of(Client(), person)).status_code == 200


def sealed(person, text):
    data = {"secret": FactorAdapter().encrypt(text)}
    return Authenticator.objects.create(user=person, type=Authenticator.Type.TOTP, data=data)


def test_factors_are_sealed_anew_so_that_the_old_key_may_go(settings):
    person = PersonFactory()
    factor = sealed(person, "TOTPSECRET")
    codes = {"seed": FactorAdapter().encrypt("SEED"), "used_mask": 5}
    codes = Authenticator.objects.create(user=person, type=Authenticator.Type.RECOVERY_CODES, data=codes)
    key = {"name": "Key", "credential": {}}
    passkey = Authenticator.objects.create(user=person, type=Authenticator.Type.WEBAUTHN, data=key)
    rotate(settings)
    call_command("reseal_factors")
    forget(settings)
    for one in (factor, codes, passkey):
        one.refresh_from_db()
    assert FactorAdapter().decrypt(factor.data["secret"]) == "TOTPSECRET"
    assert FactorAdapter().decrypt(codes.data["seed"]) == "SEED"
    assert (codes.data["used_mask"], passkey.data) == (5, key)
    assert AuditEvent.objects.get(event="factors.resealed").detail == {"count": 2}


def test_a_key_that_is_lost_changes_nothing(settings):
    factor = sealed(PersonFactory(), "TOTPSECRET")
    before = factor.data["secret"]
    rotate(settings, keep=False)
    with pytest.raises(CommandError, match="reset_mfa"):
        call_command("reseal_factors")
    factor.refresh_from_db()
    assert factor.data["secret"] == before
    with pytest.raises(InvalidToken):
        FactorAdapter().decrypt(before)
