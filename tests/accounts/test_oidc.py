"""Sign-in with an identity provider: a real one on the loopback, with signed tokens."""

import jwt
import pytest
import requests
from allauth.socialaccount.models import SocialAccount, SocialApp
from cryptography.hazmat.primitives.asymmetric import rsa
from django.core import mail

from accounts.audit.models import AuditEvent
from accounts.models import User
from tests.accounts.factories import PersonFactory
from tests.accounts.provider import CLIENT, SECRET, Provider
from tests.accounts.test_factors import set_up

pytestmark = pytest.mark.django_db
LOGIN = "/accounts/oidc/oidc/login/"


@pytest.fixture
def provider(settings):
    one = Provider()
    app = {
        "provider_id": "oidc",
        "name": "St. Anna",
        "client_id": CLIENT,
        "secret": SECRET,
        "settings": {"server_url": one.issuer},
    }
    settings.OIDC_ISSUER, settings.OIDC_NAME = one.issuer, "St. Anna"
    settings.SOCIALACCOUNT_PROVIDERS = {"openid_connect": {"APPS": [app]}}
    one.facts = {"sub": "anna-1", "email": "Anna@example.org", "email_verified": True}
    yield one
    one.server.shutdown()


def visit(client, address=LOGIN):
    """Go to the provider and come back with its answer."""
    return client.get(answered(client, address))


def answered(client, address=LOGIN):
    """Go to the provider and return where it sends the browser, not yet followed."""
    return requests.get(client.get(address)["Location"], allow_redirects=False, timeout=10).headers[
        "Location"
    ]


def inside(client):
    return client.session.get("_auth_user_id")


def test_there_is_no_trace_of_it_without_the_setting(client):
    page = client.get("/accounts/login/").content.decode()
    assert "oidc" not in page
    assert "Sign in with a passkey" in page
    assert client.get(LOGIN).status_code == 404
    SocialApp.objects.create(provider="openid_connect", provider_id="oidc", name="x", client_id="x")
    assert client.get(LOGIN).status_code == 404


def test_an_invited_person_is_linked_and_let_in(client, provider, settings):
    settings.MAIL_ENABLED = True
    person = PersonFactory(email="anna@example.org", invited=True)
    assert "Sign in with St. Anna" in client.get("/accounts/login/").content.decode()
    assert visit(client, f"{LOGIN}?next=/samples/")["Location"] == "/samples/"
    assert inside(client) == str(person.pk)
    names = list(AuditEvent.objects.order_by("id").values_list("event", flat=True))
    assert names == ["signin.linked", "signin.succeeded"]
    assert AuditEvent.objects.first().detail == {"by": ["socialaccount"]}
    assert mail.outbox[0].subject == "New way to sign in at HematoVision"
    assert provider.asked["code_challenge_method"] == "S256"
    # From now on the identity counts, whatever its address.
    client.logout()
    provider.facts["email"] = "other@example.org"
    visit(client)
    assert inside(client) == str(person.pk)


@pytest.mark.parametrize(
    "facts",
    [
        {"email": "nobody@example.org"},
        {"email_verified": False},
        {"email_verified": "false"},
        {"email": None},
        {"aud": "another-client"},
        {"iss": "https://elsewhere.example"},
        {"exp": 1_000_000_000},
        {"exp": ...},
        {"iat": 4_000_000_000},
        {"nonce": ...},
        {"nonce": "of another sign-in"},
        {"sub": ...},
        {"sub": ""},
        {"sub": "a" * 192},
        {"sub": "anna\0"},
        {"sub": 7},
        {"aud": [CLIENT, "another-client"]},
        {"azp": "another-client"},
        {"email": "an\u0131ta@example.org"},
        {"email": "\u212aate@example.org"},
        {"email": "anna@example.org\0"},
        {"email": ["anna@example.org"]},
        {"email": {"anna@example.org": 1}},
        {"email": "\ud800@example.org"},
    ],
)
def test_others_are_refused_and_nobody_is_made(client, provider, facts):
    for name in ("anna", "anita", "kate"):
        PersonFactory(email=f"{name}@example.org", admin=True)
    provider.facts |= facts
    assert visit(client)["Location"] == "/accounts/login/"
    assert inside(client) is None
    assert User.objects.count() == 3
    assert not SocialAccount.objects.exists()
    assert AuditEvent.objects.get().event == "signin.failed"


def test_a_token_signed_by_another_key_is_refused(client, provider):
    PersonFactory(email="anna@example.org")
    provider.key = rsa.generate_private_key(public_exponent=65537, key_size=2048)
    assert visit(client)["Location"] == "/accounts/login/"
    assert inside(client) is None


def test_a_token_without_signature_is_refused(client, provider):
    PersonFactory(email="anna@example.org")
    provider.signed = lambda claims: jwt.encode(claims, None, algorithm="none", headers={"kid": "one"})
    assert visit(client)["Location"] == "/accounts/login/"
    assert inside(client) is None


def test_someone_deactivated_is_refused_also_once_linked(client, provider):
    person = PersonFactory(email="anna@example.org")
    visit(client)
    client.logout()
    User.objects.update(is_active=False)
    assert visit(client)["Location"] == "/accounts/login/"
    assert inside(client) is None
    assert SocialAccount.objects.get().user == person


def test_a_second_identity_with_the_same_address_is_refused(client, provider):
    PersonFactory(email="anna@example.org")
    visit(client)
    client.logout()
    provider.facts["sub"] = "anna-2"
    assert visit(client)["Location"] == "/accounts/login/"
    assert inside(client) is None


def test_somebody_signed_in_cannot_link_an_identity_of_another_address(client, provider):
    client.force_login(PersonFactory(email="anna@example.org"))
    provider.facts["email"] = "mallory@example.org"
    visit(client, f"{LOGIN}?process=connect")
    assert not SocialAccount.objects.exists()


def test_an_answer_that_this_session_did_not_ask_for_is_refused(client, provider):
    PersonFactory(email="anna@example.org")
    answer = client.get(f"{LOGIN}callback/", {"code": "x", "state": "made-up"})
    assert answer["Location"] == "/accounts/login/"
    assert inside(client) is None


@pytest.mark.django_db(transaction=True)
def test_the_second_factor_is_asked_for_here_too(client, provider):
    person = PersonFactory(email="anna@example.org")
    set_up(client, person)
    client.logout()
    assert visit(client)["Location"].startswith("/accounts/2fa/authenticate/")
    assert inside(client) is None
