"""Forgotten passwords: a link by mail tells nobody who has an account, and waits while no mail goes out."""

import re
from datetime import timedelta
from smtplib import SMTPRecipientsRefused

import pytest
from celery import current_app
from django.core import mail
from django.core.mail.backends.locmem import EmailBackend
from django.utils import timezone

from accounts.audit.models import AuditEvent
from accounts.errands import send_links
from accounts.forgotten import wishes_fulfil
from accounts.models import PasswordWish
from accounts.services import person_deactivate
from hematovision.core.queue import QUEUE_OF, SEND_LINKS
from tests.accounts.factories import PersonFactory

pytestmark = pytest.mark.django_db
RESET = "/accounts/password/reset/"


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
    assert list(AuditEvent.objects.values_list("event", "outcome")) == [("password.changed", "ok")]
    assert "token_fail" in client.get(link, follow=True).context


@pytest.mark.parametrize(
    "typed",
    ["m\N{LATIN SMALL LETTER DOTLESS I}ke@mits.example", "mike@mit\N{LATIN SMALL LETTER LONG S}.example"],
)
def test_no_link_goes_to_an_address_that_only_the_database_takes_for_the_persons(client, settings, typed):
    settings.MAIL_ENABLED = True
    PersonFactory(email="mike@mits.example")
    client.post(RESET, {"email": typed})
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
