"""The rules for passwords hold on every way to one, and links go out by mail where the site sends any."""

import re

import pytest
from django.core import mail
from django.urls import reverse

from accounts import links
from accounts.audit.models import AuditEvent
from accounts.forgotten import wishes_fulfil
from tests.accounts.factories import PASSWORD, PersonFactory

pytestmark = pytest.mark.django_db
# Too short; on the list of common ones; the person's own address; digits alone; a word twice.
WEAK = [
    "short-one-7",
    "q1w2e3r4t5y6",
    "1qaz2wsx3edc",
    "somebody.long@example.org",
    "123456789012345",
    "passwordpassword",
]


@pytest.fixture
def person():
    return PersonFactory(email="somebody.long@example.org")


def by_link(client, person, password):
    token = links.link_issue(actor=None, person=person)
    twice = {"new_password1": password, "new_password2": password}
    client.post(reverse("welcome", args=[token]), twice)


def by_change(client, person, password):
    client.force_login(person)
    facts = {"oldpassword": PASSWORD, "password1": password, "password2": password}
    client.post("/accounts/password/change/", facts)


def by_mail(client, person, password):
    client.post("/accounts/password/reset/", {"email": person.email})
    wishes_fulfil()
    address = re.search(r"http://testserver(/accounts/password/reset/key/\S+)", mail.outbox[0].body)[1]
    form = client.get(address)["Location"]
    client.post(form, {"password1": password, "password2": password})


def by_first_admin(client, person, password):
    person.delete()
    token = links.first_admin_link()
    facts = {"email": person.email, "name": "Boss", "site_name": "Main"}
    twice = {"new_password1": password, "new_password2": password}
    client.post(reverse("welcome", args=[token]), facts | twice)


@pytest.mark.parametrize("way", [by_link, by_change, by_mail])
@pytest.mark.parametrize("password", WEAK)
def test_weak_passwords_are_refused_on_every_way(client, settings, person, way, password):
    settings.MAIL_ENABLED = True
    way(client, person, password)
    person.refresh_from_db()
    assert person.check_password(PASSWORD)


@pytest.mark.parametrize("way", [by_link, by_change, by_mail])
def test_a_long_one_is_taken_on_every_way(client, settings, person, way):
    settings.MAIL_ENABLED = True
    way(client, person, "fourteen red lamps")
    person.refresh_from_db()
    assert person.check_password("fourteen red lamps")


@pytest.mark.parametrize("password", WEAK)
def test_the_first_admin_has_no_weak_one_either(client, person, password):
    by_first_admin(client, person, password)
    assert not type(person).objects.exists()


@pytest.fixture
def admin(client):
    one = PersonFactory(admin=True)
    client.force_login(one)
    return one


def test_the_invitation_goes_by_mail_and_the_admin_never_sees_the_link(client, settings, admin):
    settings.MAIL_ENABLED = True
    facts = {"email": "new@example.org", "name": "New", "role": "doctor", "site": str(admin.site_id)}
    page = client.post("/people/new/", facts).content.decode()
    assert "/welcome/" not in page
    message = mail.outbox[0]
    assert message.to == ["new@example.org"]
    path = re.search(r"http://testserver(/welcome/\S+/)", message.body)[1]
    assert client.get(path).status_code == 200
    assert AuditEvent.objects.first().event == "link.sent"


def test_a_mail_server_that_is_away_costs_nobody_the_link(client, settings, admin):
    settings.MAIL_ENABLED = True
    settings.EMAIL_BACKEND = "django.core.mail.backends.smtp.EmailBackend"
    settings.EMAIL_HOST, settings.EMAIL_PORT = "127.0.0.1", 1
    page = client.post(f"/people/{PersonFactory().pk}/", {"action": "link"}).content.decode()
    assert "did not take the message" in page
    assert "/welcome/" in page


def test_a_site_without_mail_shows_the_link(client, admin):
    assert "/welcome/" in client.post(f"/people/{PersonFactory().pk}/", {"action": "link"}).content.decode()
    assert mail.outbox == []
