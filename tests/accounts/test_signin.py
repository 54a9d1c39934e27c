"""Signing in and out, new passwords, and what of it is recorded."""

import re
import time
from datetime import timedelta
from smtplib import SMTPRecipientsRefused

import pytest
from celery import current_app
from django.core import mail
from django.core.mail.backends.locmem import EmailBackend
from django.db import OperationalError
from django.urls import reverse
from django.utils import timezone

from accounts.audit.models import AuditEvent
from accounts.errands import send_links
from accounts.forgotten import wishes_fulfil
from accounts.models import PasswordWish
from accounts.services import person_change_role, person_deactivate
from accounts.web.limits import BEGUN, SEEN
from hematovision.core.queue import QUEUE_OF, SEND_LINKS
from tests.accounts.factories import PASSWORD, PersonFactory

pytestmark = pytest.mark.django_db
LOGIN = "/accounts/login/"
RESET = "/accounts/password/reset/"


def sign_in(client, email, password=PASSWORD, **more):
    return client.post(LOGIN, {"login": email, "password": password, **more})


def events():
    return list(AuditEvent.objects.values_list("event", "outcome"))


def test_a_person_signs_in_with_their_address_in_any_case_and_out_again(client):
    person = PersonFactory(email="anna@example.org")

    assert sign_in(client, "Anna@Example.ORG").status_code == 302
    assert client.session["_auth_user_id"] == str(person.pk)
    assert client.post("/accounts/logout/").status_code == 302

    assert "_auth_user_id" not in client.session
    assert events() == [("signout", "ok"), ("signin.succeeded", "ok")]
    assert {event.actor for event in AuditEvent.objects.all()} == {person}
    assert {event.address for event in AuditEvent.objects.all()} == {"127.0.0.1"}


def test_sign_in_returns_to_the_page_asked_for_and_never_elsewhere(client):
    PersonFactory(email="anna@example.org", admin=True)
    asked = client.get("/people/")
    assert asked["Location"] == "/accounts/login/?next=/people/"
    assert sign_in(client, "anna@example.org", next="/people/")["Location"] == "/people/"
    client.logout()
    assert sign_in(client, "anna@example.org", next="https://example.net/")["Location"] == "/"


@pytest.mark.django_db(transaction=True)
def test_wrong_unknown_and_deactivated_look_the_same_and_are_recorded(client):
    known = PersonFactory(email="known@example.org")
    shut_out = PersonFactory(email="gone@example.org", deactivated=True)
    invited = PersonFactory(email="new@example.org", invited=True)

    answers = [
        sign_in(client, "known@example.org", "not the password"),
        sign_in(client, "nobody@example.org"),
        sign_in(client, "gone@example.org"),
        sign_in(client, "gone@example.org", "not the password"),
        sign_in(client, "new@example.org"),
    ]

    assert {answer.status_code for answer in answers} == {200}
    assert len({str(answer.context["form"].errors) for answer in answers}) == 1
    assert "_auth_user_id" not in client.session
    assert events() == [("signin.failed", "failed")] * 5
    assert {event.subject_id for event in AuditEvent.objects.all()} == {
        str(known.pk), "", str(shut_out.pk), str(invited.pk)
    }  # fmt: skip
    assert "nobody@example.org" not in str(AuditEvent.objects.values())


def test_too_many_attempts_are_refused_even_with_the_right_password(client):
    PersonFactory(email="anna@example.org")
    for _ in range(5):
        sign_in(client, "anna@example.org", "wrong")

    answer = sign_in(client, "anna@example.org")

    assert "Too many failed login attempts" in str(answer.context["form"].errors)
    assert "_auth_user_id" not in client.session
    assert events()[0] == ("signin.failed", "refused")


def test_deactivation_acts_on_the_next_request(client):
    admin, person = PersonFactory(admin=True), PersonFactory(admin=True)
    sign_in(client, person.email)
    assert client.get("/people/").status_code == 200

    person_deactivate(actor=admin, person=person)

    assert client.get("/people/")["Location"].startswith(LOGIN)


def test_a_session_that_nobody_noted_is_dead_after_deactivation_too(client):
    admin, person = PersonFactory(admin=True), PersonFactory(admin=True)
    client.force_login(person)
    person_deactivate(actor=admin, person=person)
    assert client.get("/people/")["Location"].startswith(LOGIN)


def test_demotion_acts_on_the_next_request(client):
    admin, person = PersonFactory(admin=True), PersonFactory(admin=True)
    client.force_login(person)
    person_change_role(actor=admin, person=person, role="doctor")
    answer = client.get("/people/")
    assert answer.status_code == 403
    assert "Your role, doctor, may not manage people." in answer.content.decode()


def test_a_changed_password_is_recorded_and_ends_the_other_sessions(client, django_user_model):
    person = PersonFactory()
    other = type(client)()
    sign_in(other, person.email)
    sign_in(client, person.email)
    new = {"oldpassword": PASSWORD, "password1": "fourteen-red-lamps", "password2": "fourteen-red-lamps"}

    assert client.post("/accounts/password/change/", new).status_code == 302

    assert events()[0] == ("password.changed", "ok")
    assert client.get("/accounts/password/change/").status_code == 200
    assert other.get("/accounts/password/change/").status_code == 302
    person.refresh_from_db()
    assert person.check_password("fourteen-red-lamps")


def test_sign_up_is_closed(client, django_user_model):
    new = {"email": "x@example.org", "password1": PASSWORD, "password2": PASSWORD}
    assert "An admin of your laboratory" in client.get("/accounts/signup/").content.decode()
    assert client.post("/accounts/signup/", new).status_code == 405
    assert not django_user_model.objects.exists()


def test_a_mailed_link_sets_a_new_password(client, settings):
    settings.MAIL_ENABLED = True
    person = PersonFactory(email="anna@example.org")

    client.post(RESET, {"email": "Anna@example.org"})
    wishes_fulfil()
    link = re.search(r"http://testserver(\S+)", mail.outbox[0].body).group(1)
    form = client.get(link, follow=True)
    new = {"password1": "fourteen-red-lamps", "password2": "fourteen-red-lamps"}
    assert client.post(form.request["PATH_INFO"], new)["Location"] == "/accounts/password/reset/key/done/"

    person.refresh_from_db()
    assert person.check_password("fourteen-red-lamps")
    assert events() == [("password.changed", "ok")]
    assert "token_fail" in client.get(link, follow=True).context


@pytest.mark.parametrize(
    "typed",
    ["m\N{LATIN SMALL LETTER DOTLESS I}ke@mits.example", "mike@mit\N{LATIN SMALL LETTER LONG S}.example"],
)
def test_no_link_goes_to_an_address_that_only_the_database_takes_for_the_persons(client, settings, typed):
    settings.MAIL_ENABLED = True
    PersonFactory(email="mike@mits.example")
    client.post("/accounts/password/reset/", {"email": typed})
    wishes_fulfil()
    assert not [sent for sent in mail.outbox if "reset/key" in sent.body and typed in sent.to]


def test_a_mailed_link_dies_with_deactivation(client, settings):
    settings.MAIL_ENABLED = True
    person = PersonFactory()
    client.post(RESET, {"email": person.email})
    wishes_fulfil()
    link = re.search(r"http://testserver(\S+)", mail.outbox[0].body).group(1)

    person_deactivate(actor=PersonFactory(admin=True), person=person)

    assert client.get(link).context["token_fail"]


def test_asking_for_a_new_password_does_not_tell_who_has_an_account(client, settings):
    settings.MAIL_ENABLED = True
    PersonFactory(email="anna@example.org")
    PersonFactory(email="gone@example.org", deactivated=True)
    addresses = ["anna@example.org", "gone@example.org", "nobody@example.org"]

    answers = [client.post(RESET, {"email": address}, follow=True) for address in addresses]
    assert mail.outbox == []
    wishes_fulfil()

    assert len({answer.content.split(b"<main")[1] for answer in answers}) == 1
    assert [message.to for message in mail.outbox] == [[address] for address in addresses]
    assert [("/password/reset/key/" in message.body) for message in mail.outbox] == [True, False, False]


def test_while_the_mail_server_is_away_wishes_wait_and_no_address_is_logged(client, settings, caplog):
    settings.MAIL_ENABLED = True
    works, settings.EMAIL_BACKEND = settings.EMAIL_BACKEND, "django.core.mail.backends.smtp.EmailBackend"
    settings.EMAIL_HOST, settings.EMAIL_PORT = "127.0.0.1", 9
    PersonFactory(email="anna@example.org")
    assert client.post(RESET, {"email": "anna@example.org"}).status_code == 302
    wishes_fulfil()
    assert "The mail server takes no links" in caplog.text
    assert "anna@" not in caplog.text
    settings.EMAIL_BACKEND = works
    wishes_fulfil()
    assert [message.to for message in mail.outbox] == [["anna@example.org"]]
    assert not PasswordWish.objects.exists()


def test_an_address_that_the_mail_server_refuses_holds_nobody_up(client, settings, monkeypatch, caplog):
    settings.MAIL_ENABLED = True
    for name in ("bad", "good"):
        client.post(RESET, {"email": f"{name}@example.org"})
    take = EmailBackend.send_messages

    def send(self, messages):
        if messages[0].to == ["bad@example.org"]:
            raise SMTPRecipientsRefused({"bad@example.org": (550, b"no such mailbox")})
        return take(self, messages)

    monkeypatch.setattr(EmailBackend, "send_messages", send)
    wishes_fulfil()
    assert [message.to for message in mail.outbox] == [["good@example.org"]]
    assert not PasswordWish.objects.exists()
    assert "bad@" not in caplog.text


def test_a_wish_that_waited_for_an_hour_is_forgotten():
    late = PasswordWish.objects.create(email="anna@example.org", portal="http://testserver/")
    PasswordWish.objects.filter(pk=late.pk).update(asked_at=timezone.now() - timedelta(minutes=61))
    wishes_fulfil()
    assert mail.outbox == []
    assert not PasswordWish.objects.exists()


@pytest.mark.django_db(transaction=True)
def test_a_wish_outlives_a_broker_that_is_away_and_the_scheduler_rings_for_it(client, settings, monkeypatch):
    settings.MAIL_ENABLED = True
    monkeypatch.setattr(current_app, "send_task", away)
    assert client.post(RESET, {"email": "anna@example.org"}).status_code == 302
    assert PasswordWish.objects.count() == 1
    entry = settings.CELERY_BEAT_SCHEDULE["accounts.send_links"]
    assert (entry["task"], entry["options"]["queue"]) == (SEND_LINKS, QUEUE_OF[SEND_LINKS])
    send_links()
    assert len(mail.outbox) == 1


def away(*_args, **_more):
    raise ConnectionError


def test_a_site_without_mail_names_who_can_help(client, settings):
    settings.MAIL_ENABLED = False
    answer = client.post(RESET, {"email": "anna@example.org"})
    assert "Ask an admin of your laboratory" in answer.content.decode()
    assert mail.outbox == []


def test_every_page_of_allauth_is_our_own(client, settings):
    settings.MAIL_ENABLED = True
    addresses = [LOGIN, "/accounts/signup/", RESET, f"{RESET}done/", f"{RESET}key/done/", f"{RESET}key/x-y/"]
    client.force_login(PersonFactory())
    signed_in = ["/accounts/logout/", "/accounts/password/change/"]
    pages = [type(client)().get(one) for one in addresses] + [client.get(one) for one in signed_in]
    for page in pages:
        assert page.status_code == 200
        assert 'id="main"' in page.content.decode()
        assert not re.search(r"<script(?![^>]*\ssrc=)|\sstyle=|\son\w+=", page.content.decode())


def test_the_login_page_says_its_fields_to_browsers(client):
    text = client.get(reverse("account_login")).content.decode()
    assert 'autocomplete="email"' in text or 'autocomplete="username"' in text
    assert 'autocomplete="current-password"' in text


@pytest.mark.parametrize(("mark", "limit"), [(SEEN, "SESSION_IDLE_SECONDS"), (BEGUN, "SESSION_COOKIE_AGE")])
def test_a_session_ends_when_nobody_was_there_and_after_a_shift(client, settings, mark, limit):
    person = PersonFactory()
    sign_in(client, person.email)
    assert client.get("/accounts/password/change/").status_code == 200
    age = getattr(settings, limit)

    move(client, mark, 5 - age)
    assert client.get("/accounts/password/change/").status_code == 200
    move(client, mark, -age - 5)
    answer = client.get("/accounts/password/change/", follow=True)

    assert answer.request["PATH_INFO"] == LOGIN
    assert "You were signed out" in answer.content.decode()
    assert events()[0] == ("signout", "ok")


def move(client, mark, seconds):
    session = client.session
    session[mark] = int(time.time()) + seconds
    session.save()


def test_somebody_who_hammers_the_door_gets_our_own_page(client):
    answers = [client.get(LOGIN).status_code for _ in range(30)]
    assert set(answers) == {200}
    refused = [sign_in(client, f"nobody{n}@example.org") for n in range(31)][-1]
    assert refused.status_code == 429
    assert "Too many attempts" in refused.content.decode()
    assert refused["Retry-After"] == "60"


def test_without_redis_sign_in_says_so_and_when_to_try_again(client, settings):
    settings.CACHES = {"default": settings.CACHES["default"] | {"LOCATION": "redis://127.0.0.1:9/0"}}
    client.raise_request_exception = False
    answer = sign_in(client, PersonFactory().email)
    assert answer.status_code == 503
    assert answer["Retry-After"] == "10"
    assert "What was saved before is safe." in answer.content.decode()


def test_without_the_database_every_page_says_so(client, monkeypatch):
    def away(*_args, **_more):
        raise OperationalError

    client.force_login(PersonFactory())
    client.raise_request_exception = False
    monkeypatch.setattr("django.db.backends.utils.CursorWrapper.execute", away)
    assert client.get("/accounts/password/change/").status_code == 503
