"""Second factors: setting them up, signing in with them, who needs one and by when."""

from datetime import timedelta

import pytest
from allauth.mfa.models import Authenticator
from django.core import mail
from django.core.cache import cache
from django.core.checks import run_checks
from django.utils import timezone

from accounts.audit.models import AuditEvent
from accounts.models import User
from accounts.web.agents import agent_told
from accounts.web.limits import BEGUN
from tests.accounts.codes import totp
from tests.accounts.factories import PASSWORD, PersonFactory

pytestmark = pytest.mark.django_db(transaction=True)
APP = "/accounts/2fa/app/"
SECOND = "/accounts/2fa/authenticate/"
CODES = "/accounts/2fa/recovery-codes/"


def sign_in(client, person, password=PASSWORD):
    return client.post("/accounts/login/", {"login": person.email, "password": password})


def set_up(client, person):
    """Sign in, set up the app and return its key and the recovery codes, signed in."""
    sign_in(client, person)
    secret = client.get(APP).context["form"].secret
    answer = client.post(APP, {"code": totp(secret)})
    assert answer["Location"] == CODES
    codes = client.get(CODES).context["unused_codes"]
    cache.clear()  # The code that proved the app would be refused for half a minute.
    return secret, codes


def events(*names):
    return list(AuditEvent.objects.filter(event__in=names).order_by("id").values_list("event", "outcome"))


def test_an_app_is_set_up_and_then_asked_for(client, settings):
    settings.MAIL_ENABLED = True
    person = PersonFactory()
    secret, _codes = set_up(client, person)
    stored = Authenticator.objects.get(user=person, type="totp").data["secret"]
    assert secret not in stored
    assert events("factor.added") == [("factor.added", "ok")] * 2
    assert [one.subject for one in mail.outbox] == ["Authenticator app set up at HematoVision"]
    client.post("/accounts/logout/")

    assert sign_in(client, person)["Location"] == SECOND
    assert "_auth_user_id" not in client.session
    assert client.get("/samples/")["Location"].startswith("/accounts/login/")
    assert client.post(SECOND, {"code": "000000"}).status_code == 200
    assert "_auth_user_id" not in client.session
    client.post(SECOND, {"code": totp(secret)})

    assert client.session["_auth_user_id"] == str(person.pk)
    assert AuditEvent.objects.filter(event="signin.succeeded").first().detail == {"by": ["password", "totp"]}
    failed = AuditEvent.objects.get(event="signin.failed")
    assert (failed.actor, failed.subject_id, failed.detail) == (None, str(person.pk), {"by": "totp"})


def test_a_code_of_the_app_counts_once(client):
    person = PersonFactory()
    secret, _codes = set_up(client, person)
    client.post("/accounts/logout/")
    code = totp(secret)
    sign_in(client, person)
    client.post(SECOND, {"code": code})
    client.post("/accounts/logout/")
    sign_in(client, person)
    client.post(SECOND, {"code": code})
    assert "_auth_user_id" not in client.session


def test_recovery_codes_are_shown_once_and_each_counts_once(client, settings):
    settings.MAIL_ENABLED = True
    person = PersonFactory()
    _secret, codes = set_up(client, person)
    assert len(set(codes)) == 10
    again = client.get(CODES)
    assert not any(code in again.content.decode() for code in codes)
    client.post("/accounts/logout/")

    sign_in(client, person)
    client.post(SECOND, {"code": codes[0]})
    assert client.session["_auth_user_id"] == str(person.pk)
    assert events("factor.recovery_code_used") == [("factor.recovery_code_used", "ok")]
    assert mail.outbox[-1].subject == "Recovery code used at HematoVision"
    client.post("/accounts/logout/")
    sign_in(client, person)
    client.post(SECOND, {"code": codes[0]})
    assert "_auth_user_id" not in client.session
    client.post(SECOND, {"code": codes[1]})
    assert client.session["_auth_user_id"] == str(person.pk)


def test_new_recovery_codes_end_the_earlier_ones(client):
    person = PersonFactory()
    _secret, codes = set_up(client, person)
    client.post("/accounts/2fa/recovery-codes/new/")
    fresh = client.get(CODES).context["unused_codes"]
    assert not set(codes) & set(fresh)
    client.post("/accounts/logout/")
    sign_in(client, person)
    client.post(SECOND, {"code": codes[0]})
    assert "_auth_user_id" not in client.session


def test_guessing_codes_ends_after_a_few_tries(client):
    person = PersonFactory()
    secret, _codes = set_up(client, person)
    client.post("/accounts/logout/")
    sign_in(client, person)
    for number in range(5):
        client.post(SECOND, {"code": f"00000{number}"})
    client.post(SECOND, {"code": totp(secret)})
    assert "_auth_user_id" not in client.session


def test_removing_the_app_takes_the_codes_with_it(client):
    person = PersonFactory()
    set_up(client, person)
    client.post("/accounts/2fa/app/remove/")
    assert not Authenticator.objects.filter(user=person).exists()
    assert events("factor.removed") == [("factor.removed", "ok")] * 2
    client.post("/accounts/logout/")
    sign_in(client, person)
    assert client.session["_auth_user_id"] == str(person.pk)


def test_an_earlier_key_of_the_portal_still_opens_the_secret(client, settings):
    person = PersonFactory()
    secret, _codes = set_up(client, person)
    settings.SECRET_KEY_FALLBACKS, settings.SECRET_KEY = [settings.SECRET_KEY], "another-key" * 5
    client.logout()
    sign_in(client, person)
    client.post(SECOND, {"code": totp(secret)})
    assert client.session["_auth_user_id"] == str(person.pk)


def late(person, settings):
    """Let the time to set up a factor be over."""
    begun = timezone.now() - timedelta(hours=settings.MFA_GRACE_HOURS, minutes=1)
    User.objects.filter(pk=person.pk).update(first_signed_in_at=begun)


@pytest.mark.parametrize("role", ["doctor", "admin"])
def test_doctors_and_admins_need_a_factor_once_the_grace_is_over(client, settings, role):
    person = PersonFactory(**{role: True})
    sign_in(client, person)
    early = client.get("/samples/")
    assert early.status_code == 200
    assert "You can work without one until" in early.content.decode()

    late(person, settings)

    assert client.get("/samples/")["Location"] == "/accounts/"
    asked = client.get("/samples/", HTTP_ACCEPT="application/json")
    assert (asked.status_code, asked.json()["code"]) == (403, "second_factor_needed")
    part = client.get("/samples/", HTTP_HX_REQUEST="true")
    assert (part.status_code, part["HX-Redirect"]) == (403, "/accounts/")
    assert client.get("/healthz").status_code != 403
    assert "everything opens again" in client.get("/accounts/").content.decode()
    secret = client.get(APP).context["form"].secret
    client.post(APP, {"code": totp(secret)})
    assert client.get("/samples/").status_code == 200


def test_the_api_refuses_whoever_should_have_a_factor(client, settings):
    person = PersonFactory(doctor=True)
    answer = client.post(
        "/_allauth/app/v1/auth/login",
        {"email": person.email, "password": PASSWORD},
        content_type="application/json",
    )
    headers = {"Authorization": f"Bearer {answer.json()['meta']['access_token']}"}
    nowhere = "/api/v1/fields/00000000-0000-0000-0000-000000000000"
    assert client.get(nowhere, headers=headers).status_code == 404
    late(person, settings)
    refused = client.get(nowhere, headers=headers)
    assert (refused.status_code, refused.json()["code"]) == (403, "second_factor_needed")


def test_a_program_gets_its_token_with_the_second_factor_only(client):
    person = PersonFactory()
    secret, _codes = set_up(client, person)
    client.logout()
    body = {"email": person.email, "password": PASSWORD}
    first = client.post("/_allauth/app/v1/auth/login", body, content_type="application/json")
    assert first.status_code == 401
    assert "access_token" not in first.json()["meta"]
    second = client.post(
        "/_allauth/app/v1/auth/2fa/authenticate",
        {"code": totp(secret)},
        content_type="application/json",
        headers={"X-Session-Token": first.json()["meta"]["session_token"]},
    )
    assert "access_token" in second.json()["meta"]


def test_technicians_need_none(client, settings):
    person = PersonFactory()
    sign_in(client, person)
    late(person, settings)
    assert client.get("/samples/").status_code == 200


def test_a_role_that_does_not_exist_is_an_error_of_the_settings(settings):
    def ours():
        return [one.id for one in run_checks() if one.id.startswith("accounts.")]

    assert ours() == []
    settings.MFA_REQUIRED_ROLES = ["docter"]
    assert ours() == ["accounts.E001"]


def age(client, settings):
    """Let the sign-in lie so far back that it proves nothing any more."""
    session = client.session
    session[BEGUN] -= settings.ACCOUNT_REAUTHENTICATION_TIMEOUT + 1
    session["account_authentication_methods"] = []
    session.save()


def test_a_change_of_factors_asks_for_a_fresh_proof(client, settings):
    person = PersonFactory()
    set_up(client, person)
    age(client, settings)
    answer = client.post("/accounts/2fa/app/remove/")
    assert answer["Location"].startswith("/accounts/reauthenticate/")
    assert Authenticator.objects.filter(user=person, type="totp").exists()
    client.post(answer["Location"], {"password": "wrong"})
    assert Authenticator.objects.filter(user=person, type="totp").exists()
    client.post(answer["Location"], {"password": PASSWORD})
    assert not Authenticator.objects.filter(user=person).exists()
    assert ("person.identity_not_proved", "refused") in events("person.identity_not_proved")


def test_sessions_are_listed_and_ended_from_elsewhere(client, settings):
    settings.MAIL_ENABLED = True
    person, other = PersonFactory(), type(client)()
    sign_in(client, person)
    other.post("/accounts/login/", {"login": person.email, "password": PASSWORD}, HTTP_USER_AGENT="Phone 7")
    page = client.get("/accounts/")
    assert "Phone 7" in page.content.decode()
    there = next(one for one, agent in page.context["sessions"] if agent == "Phone 7")
    client.post("/accounts/sessions/end/", {"session": there.pk})
    assert other.get("/samples/").status_code == 302
    assert client.get("/samples/").status_code == 200
    event = AuditEvent.objects.get(event="session.ended")
    assert (event.actor, event.detail) == (person, {"count": 1})
    assert mail.outbox[-1].subject == "Signed out elsewhere at HematoVision"


@pytest.mark.parametrize(
    ("agent", "told"),
    [
        ("Mozilla/5.0 (Windows NT 10.0; rv:140.0) Gecko/20100101 Firefox/140.0", "Firefox on Windows"),
        ("Mozilla/5.0 (X11; Linux x86_64) AppleWebKit/537.36 Chrome/140.0 Safari/537.36", "Chrome on Linux"),
        ("Mozilla/5.0 (iPhone; CPU iPhone OS 18_0 like Mac OS X) Safari/604.1", "Safari on iPhone"),
        ("Mozilla/5.0 (Windows NT 10.0) Chrome/140.0 Safari/537.36 Edg/140.0", "Edge on Windows"),
        ("scanner/1", "scanner/1"),
        ("", "unknown program"),
    ],
)
def test_a_browser_is_called_what_its_owner_calls_it(agent, told):
    assert agent_told(agent) == told


def test_nobody_ends_the_session_of_somebody_else(client):
    person, stranger, other = PersonFactory(), PersonFactory(), type(client)()
    sign_in(client, person)
    sign_in(other, stranger)
    theirs = other.get("/accounts/").context["sessions"][0][0]
    client.post("/accounts/sessions/end/", {"session": theirs.pk})
    client.post("/accounts/sessions/end/", {"others": "yes"})
    assert other.get("/samples/").status_code == 200


@pytest.mark.parametrize("credential", ['{"id": "AA"}', "[" * 100_000, '{"id": ' + "9" * 5000 + "}"])
@pytest.mark.parametrize("address", ["/accounts/2fa/passkeys/login/", "/accounts/2fa/passkeys/add/"])
def test_what_no_browser_says_of_a_passkey_is_a_wrong_answer(client, address, credential):
    client.force_login(PersonFactory())
    if "login" in address:
        client.logout()
    client.get(address)
    assert client.post(address, {"credential": credential, "name": "x"}).status_code in {200, 302}
