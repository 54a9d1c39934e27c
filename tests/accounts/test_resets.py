"""Second factors are taken away by two admins together, or at the terminal."""

from datetime import timedelta

import pytest
from allauth.mfa.models import Authenticator
from django.core.exceptions import PermissionDenied
from django.core.management import CommandError, call_command
from django.db import IntegrityError, transaction
from django.utils import timezone

from accounts.audit.models import AuditEvent
from accounts.errors import Oneself, ResetRefused
from accounts.models import FactorReset
from accounts.resets import open_resets, reset_ask, reset_close
from hematovision.core.origin import Origin
from tests.accounts.factories import PersonFactory

pytestmark = pytest.mark.django_db
HERE = {"origin": Origin()}


@pytest.fixture
def person():
    one = PersonFactory(doctor=True)
    for kind in ("totp", "recovery_codes"):
        Authenticator.objects.create(user=one, type=kind, data={})
    return one


@pytest.fixture
def admins():
    return PersonFactory(admin=True), PersonFactory(admin=True)


def kept(person):
    return Authenticator.objects.filter(user=person).exists()


def test_a_second_admin_agrees_and_the_factors_are_gone(person, admins):
    first, second = admins
    reset_ask(actor=first, person=person, **HERE)
    with pytest.raises(ResetRefused):
        reset_close(actor=first, person=person, approve=True, **HERE)
    assert kept(person)
    reset_close(actor=second, person=person, approve=True, **HERE)
    assert not kept(person)
    names = list(AuditEvent.objects.filter(event__startswith="factors.").values_list("event", "actor"))
    assert names == [("factors.reset", second.pk), ("factors.reset_asked", first.pk)]
    assert not open_resets().exists()


def test_the_person_themselves_cannot_agree(admins):
    first, second = admins
    Authenticator.objects.create(user=second, type="totp", data={})
    reset_ask(actor=first, person=second, **HERE)
    with pytest.raises(ResetRefused):
        reset_close(actor=second, person=second, approve=True, **HERE)
    with pytest.raises(Oneself):
        reset_ask(actor=second, person=second, **HERE)


def test_the_database_itself_wants_two(person, admins):
    wish = reset_ask(actor=admins[0], person=person, **HERE)
    with pytest.raises(IntegrityError), transaction.atomic():
        FactorReset.objects.filter(pk=wish.pk).update(approved=True, closed_by=admins[0])


def test_a_wish_ends_after_a_day_and_can_be_repeated(person, admins):
    wish = reset_ask(actor=admins[0], person=person, **HERE)
    FactorReset.objects.filter(pk=wish.pk).update(expires_at=timezone.now() - timedelta(seconds=1))
    with pytest.raises(ResetRefused):
        reset_close(actor=admins[1], person=person, approve=True, **HERE)
    reset_ask(actor=admins[1], person=person, **HERE)
    with pytest.raises(ResetRefused):
        reset_ask(actor=admins[0], person=person, **HERE)
    reset_close(actor=admins[0], person=person, approve=False, **HERE)
    assert kept(person)


def test_others_may_neither_ask_nor_agree(person, admins):
    with pytest.raises(PermissionDenied):
        reset_ask(actor=PersonFactory(), person=person, **HERE)
    reset_ask(actor=admins[0], person=person, **HERE)
    with pytest.raises(PermissionDenied):
        reset_close(actor=PersonFactory(doctor=True), person=person, approve=True, **HERE)


def test_the_pages_show_what_is_pending_and_close_it(client, person, admins):
    first, second = admins
    client.force_login(first)
    client.post(f"/people/{person.pk}/", {"action": "reset_ask"})
    assert "Agree and take them away" not in client.get(f"/people/{person.pk}/").content.decode()
    refused = client.post(f"/people/{person.pk}/", {"action": "reset_approve"})
    assert refused.status_code == 409
    client.force_login(second)
    assert person.name in client.get("/people/").content.decode().split("<table")[0]
    client.post(f"/people/{person.pk}/", {"action": "reset_approve"})
    assert not kept(person)


def test_the_terminal_takes_them_away(person):
    call_command("reset_mfa", person.email.upper())
    assert not kept(person)
    assert AuditEvent.objects.get(event="factors.reset").actor is None
    with pytest.raises(CommandError):
        call_command("reset_mfa", "nobody@example.org")
