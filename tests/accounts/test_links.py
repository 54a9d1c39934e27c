"""One-time links: stored as a hash, usable once, and only for a while."""

import threading
from datetime import timedelta

import pytest
from django.core.exceptions import ValidationError
from django.core.management import call_command
from django.db import connection
from django.urls import reverse
from django.utils import timezone

from accounts import links, selectors
from accounts.audit.models import AuditEvent
from accounts.errors import Deactivated, LinkUnusable
from accounts.models import OneTimeLink, Site, User
from tests.accounts.factories import PASSWORD, PersonFactory

pytestmark = pytest.mark.django_db
NEW = {"new_password1": PASSWORD, "new_password2": PASSWORD}
ADMIN = NEW | {"email": "Boss@Example.org", "name": "Boss", "site_name": "Main laboratory"}


def page(token):
    return reverse("welcome", args=[token])


def test_only_the_hash_of_a_token_is_stored():
    token = links.link_issue(actor=None, person=PersonFactory())
    row = OneTimeLink.objects.values().get()
    assert len(token) >= 43
    assert row["token_sha256"] == selectors.token_digest(token)
    assert token not in str(row)


def test_a_link_sets_the_password_once_and_signs_nobody_in(client):
    person = PersonFactory(invited=True)
    token = links.link_issue(actor=None, person=person)

    assert client.get(page(token)).status_code == 200
    answer = client.post(page(token), NEW)

    assert answer["Location"] == reverse("account_login")
    assert "_auth_user_id" not in client.session
    person.refresh_from_db()
    assert person.check_password(PASSWORD)
    assert AuditEvent.objects.first().event == "password.set"
    again = client.post(
        page(token), {"new_password1": "another-long-one-7", "new_password2": "another-long-one-7"}
    )
    assert again.status_code == 404
    person.refresh_from_db()
    assert person.check_password(PASSWORD)


@pytest.mark.parametrize("password", ["short", "password12345", "{email}"])
def test_the_password_rules_hold(client, password):
    person = PersonFactory(invited=True, email="somebody.long@example.org")
    token = links.link_issue(actor=None, person=person)
    text = password.format(email=person.email)

    answer = client.post(page(token), {"new_password1": text, "new_password2": text})

    assert answer.status_code == 200
    assert answer.context["form"].errors
    person.refresh_from_db()
    assert not person.has_usable_password()
    assert client.post(page(token), NEW).status_code == 302


def test_used_expired_replaced_and_unknown_links_look_the_same(client):
    person, other = PersonFactory(), PersonFactory()
    replaced = links.link_issue(actor=None, person=person)
    used = links.link_issue(actor=None, person=person)
    links.link_redeem(token=used, password=PASSWORD)
    expired = links.link_issue(actor=None, person=other)
    OneTimeLink.objects.filter(person=other).update(expires_at=timezone.now() - timedelta(seconds=1))
    shut_out = links.link_issue(actor=None, person=person)
    User.objects.filter(pk=person.pk).update(is_active=False)

    answers = [client.get(page(token)) for token in (replaced, used, expired, shut_out, "never-existed")]

    assert {answer.status_code for answer in answers} == {404}
    assert len({answer.content.split(b"<main")[1] for answer in answers}) == 1


def test_a_deactivated_person_gets_no_link():
    with pytest.raises(Deactivated):
        links.link_issue(actor=None, person=PersonFactory(deactivated=True))


@pytest.mark.django_db(transaction=True)
def test_of_two_at_once_only_one_uses_the_link():
    token = links.link_issue(actor=None, person=PersonFactory())
    start, outcomes = threading.Barrier(2), []

    def redeem(password):
        start.wait()
        try:
            links.link_redeem(token=token, password=password)
            outcomes.append("used")
        except LinkUnusable:
            outcomes.append("refused")
        finally:
            connection.close()

    threads = [threading.Thread(target=redeem, args=[f"long-password-{n}"]) for n in range(2)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()

    assert sorted(outcomes) == ["refused", "used"]
    assert AuditEvent.objects.filter(event="password.set").count() == 1


def test_the_first_admin_makes_themselves_and_their_site(client, capsys):
    call_command("first_admin")
    path = capsys.readouterr().out.strip()
    assert path.startswith("/welcome/")

    assert client.get(path).context["form"]["site_name"].value() == "Main laboratory"
    assert client.post(path, ADMIN)["Location"] == reverse("account_login")

    person = User.objects.get()
    assert (person.email, person.role, person.site.name) == ("boss@example.org", "admin", "Main laboratory")
    assert AuditEvent.objects.first().event == "person.created"
    assert client.post(path, ADMIN).status_code == 404


def test_the_first_admins_password_may_not_be_their_address(client):
    token = links.first_admin_link()
    wrong = {"new_password1": "boss@example.org", "new_password2": "boss@example.org"}
    assert client.post(page(token), ADMIN | wrong).context["form"].errors
    assert not User.objects.exists()


def test_first_admin_prints_nothing_once_an_admin_can_sign_in(capsys):
    PersonFactory(admin=True)
    call_command("first_admin")
    assert capsys.readouterr().out == ""


@pytest.mark.parametrize("who", [{"invited": True}, {"deactivated": True}])
def test_first_admin_prints_a_link_while_no_admin_can_sign_in(capsys, who):
    PersonFactory(admin=True, **who)
    call_command("first_admin")
    first = capsys.readouterr().out
    call_command("first_admin")
    second = capsys.readouterr().out
    assert first != second
    assert selectors.usable_links(second.split("/")[2]).exists()
    assert not selectors.usable_links(first.split("/")[2]).exists()


def test_the_first_admins_link_dies_with_the_first_admin(client):
    token = links.first_admin_link()
    PersonFactory(admin=True)
    with pytest.raises(LinkUnusable):
        links.first_admin_create(
            token=token, email="x@example.org", name="X", site_name="Y", password=PASSWORD
        )
    assert client.post(page(token), ADMIN).status_code == 404
    assert not Site.objects.filter(name="Main laboratory").exists()


def test_the_first_admin_with_a_taken_address_is_told_so_and_the_link_still_works(client):
    PersonFactory(email="boss@example.org")
    token = links.first_admin_link()
    answer = client.post(page(token), ADMIN)
    assert answer.status_code == 200
    assert answer.context["form"].non_field_errors()
    assert client.post(page(token), ADMIN | {"email": "other@example.org"}).status_code == 302


def test_a_persons_link_does_not_make_an_admin():
    token = links.link_issue(actor=None, person=PersonFactory())
    with pytest.raises(LinkUnusable):
        links.first_admin_create(
            token=token, email="x@example.org", name="X", site_name="Y", password=PASSWORD
        )


def test_create_person_prints_a_working_link(client, capsys):
    call_command("create_person", "Doc@Example.org", "--role", "doctor", "--name", "Doc")
    path = capsys.readouterr().out.strip()
    person = User.objects.get()
    assert (person.email, person.role, person.name, person.site.name) == (
        "doc@example.org",
        "doctor",
        "Doc",
        "Main laboratory",
    )
    assert client.post(path, NEW).status_code == 302

    call_command("create_person", "doc@example.org", "--link")
    assert client.get(capsys.readouterr().out.strip()).status_code == 200


@pytest.mark.parametrize(
    "arguments", [["taken@example.org"], ["nobody@example.org", "--link"], ["no address"]]
)
def test_create_person_refuses_in_a_sentence(arguments):
    PersonFactory(email="taken@example.org")
    with pytest.raises(Exception, match=r".+") as refusal:
        call_command("create_person", *arguments)
    assert type(refusal.value).__name__ == "CommandError"
    assert not isinstance(refusal.value, ValidationError)
    assert User.objects.count() == 1
