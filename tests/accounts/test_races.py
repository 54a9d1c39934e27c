"""What must happen once happens once, however many ask at the same moment."""

import re
import threading

import pytest
from allauth.mfa.models import Authenticator
from allauth.usersessions.models import UserSession
from django.core import mail
from django.core.cache import cache
from django.db import connection, transaction
from django.test import Client

from accounts import links
from accounts.audit.models import AuditEvent
from accounts.errors import Deactivated
from accounts.forgotten import wishes_fulfil
from accounts.models import OneTimeLink, User
from accounts.resets import reset_ask, reset_close
from accounts.services import person_change_role, person_deactivate, person_reactivate
from accounts.sessions import end_sessions
from accounts.tokens import token_create
from tests.accounts.codes import totp
from tests.accounts.factories import PASSWORD, PersonFactory
from tests.accounts.racing import at_once, names
from tests.accounts.test_api_tokens import refresh, token_of
from tests.accounts.test_factors import APP, SECOND, set_up, sign_in

pytestmark = pytest.mark.django_db(transaction=True)


def events(name):
    return AuditEvent.objects.filter(event=name).count()


def test_of_twenty_that_renew_with_one_token_one_gets_a_pair_and_the_session_ends(client):
    person = PersonFactory()
    token = token_of(client, person)
    answers = at_once(*[lambda: refresh(Client(), token)] * 20)
    assert names(answers) == ["200"] + ["400"] * 19
    assert events("token.replayed") == 1
    assert not UserSession.objects.exists()
    won = next(one for one in answers if one.status_code == 200).json()["data"]
    assert refresh(Client(), won).status_code == 400
    # A program whose answer was lost signs in again; nothing else is shut.
    assert refresh(Client(), token_of(client, person)).status_code == 200


def test_signing_out_everywhere_wins_over_a_renewal(client):
    person = PersonFactory()
    token = token_of(client, person)
    renewed, _ended = at_once(lambda: refresh(Client(), token), lambda: end_sessions(person))
    if renewed.status_code == 200:
        assert refresh(Client(), renewed.json()["data"]).status_code == 400
    assert not UserSession.objects.exists()


@pytest.mark.parametrize("way", ["recovery code", "app"])
def test_a_code_lets_one_of_many_in(client, way):
    person = PersonFactory()
    secret, codes = set_up(client, person)
    browsers = [Client() for _ in range(5)]
    for browser in browsers:
        sign_in(browser, person)
    cache.clear()  # The limit of tries would hide it.
    code = codes[0] if way == "recovery code" else totp(secret)
    at_once(*[lambda browser=browser: browser.post(SECOND, {"code": code}) for browser in browsers])
    assert sum("_auth_user_id" in browser.session for browser in browsers) == 1


def test_the_app_set_up_twice_at_once_is_there_once(client):
    person = PersonFactory()
    sign_in(client, person)
    secret = client.get(APP).context["form"].secret
    twin = Client()
    twin.cookies.load({name: one.value for name, one in client.cookies.items()})
    answers = at_once(*[lambda one=one: one.post(APP, {"code": totp(secret)}) for one in (client, twin)])
    assert names(answers) == ["302", "302"]
    assert events("factor.added") == 2, "the app, and its recovery codes"


def test_a_link_of_a_mail_sets_one_password(settings):
    settings.MAIL_ENABLED, settings.ACCOUNT_RATE_LIMITS = True, False
    person = PersonFactory()
    Client().post("/accounts/password/reset/", {"email": person.email})
    wishes_fulfil()
    link = re.search(r"http://testserver(\S+)", mail.outbox[0].body)[1]
    ways = {f"long-green-lamps-{number}": Client() for number in range(6)}
    pages = {word: browser.get(link)["Location"] for word, browser in ways.items()}

    def set_password(word):
        return ways[word].post(pages[word], {"password1": word, "password2": word}, follow=True)

    answers = at_once(*[lambda word=word: set_password(word) for word in ways])

    assert events("password.changed") == 1
    assert sum(one.request["PATH_INFO"].endswith("/done/") for one in answers) == 1
    assert sum("was used already" in one.content.decode() for one in answers) == 5
    assert len(mail.outbox) == 2


def test_a_new_password_brings_back_no_right_that_was_just_taken(client):
    """Its row was read before an admin changed it."""
    admin, person = PersonFactory(admin=True), PersonFactory(admin=True)
    sign_in(client, person)
    fresh = "fourteen-red-lamps"
    form = {"oldpassword": PASSWORD, "password1": fresh, "password2": fresh}
    with transaction.atomic():
        person_change_role(actor=admin, person=person, role="technician")
        begun = ran(lambda: client.post("/accounts/password/change/", form))
    begun.join()
    assert User.objects.get(pk=person.pk).role == "technician"


def test_of_many_links_for_one_person_the_last_counts():
    admin, person = PersonFactory(admin=True), PersonFactory()
    at_once(*[lambda: links.link_issue(actor=admin, person=person)] * 6)
    assert OneTimeLink.objects.filter(person=person, used_at=None).count() == 1


def test_a_link_used_while_an_admin_shuts_the_person_out_breaks_nothing():
    admin, person = PersonFactory(admin=True), PersonFactory()
    for _ in range(4):
        token = links.link_issue(actor=admin, person=person)
        outcomes = at_once(
            lambda token=token: links.link_redeem(token=token, password="fourteen-red-lamps"),
            lambda: person_deactivate(actor=admin, person=person),
        )
        assert names(outcomes) in (["LinkUnusable", "User"], ["User", "User"])
        person_reactivate(actor=admin, person=person)


@pytest.mark.parametrize("way", ["link", "token"])
def test_nothing_is_made_for_somebody_who_is_being_shut_out(way):
    """It would open the account once it is open again."""
    admin, person = PersonFactory(admin=True), PersonFactory()
    outcomes = []

    def make():
        facts = {"name": "x", "scopes": ["read"], "days": 1, "origin": None}
        try:
            if way == "link":
                links.link_issue(actor=admin, person=person)
            else:
                token_create(actor=admin, person=person, **facts)
        except Deactivated:
            outcomes.append("refused")

    with transaction.atomic():
        person_deactivate(actor=admin, person=person)
        begun = ran(make)
    begun.join()
    assert outcomes == ["refused"]


def ran(work):
    """Begin ``work`` elsewhere and give it the time to come as far as it can meanwhile."""

    def run():
        work()
        connection.close()

    thread = threading.Thread(target=run)
    thread.start()
    thread.join(0.5)
    return thread


def test_two_admins_who_agree_at_once_take_the_factors_away_once():
    asker, *others, person = (PersonFactory(admin=True) for _ in range(4))
    Authenticator.objects.create(user=person, type="totp", data={})
    asked = at_once(*[lambda: reset_ask(actor=asker, person=person, origin=None)] * 4)
    assert names(asked) == ["FactorReset"] + ["ResetRefused"] * 3
    facts = {"person": person, "approve": True, "origin": None}
    agreed = at_once(*[lambda one=one: reset_close(actor=one, **facts) for one in others])
    assert names(agreed) == ["NoneType", "ResetRefused"]
    assert events("factors.reset") == 1


def test_two_admins_who_shut_each_other_out_leave_one():
    pair = [PersonFactory(admin=True), PersonFactory(admin=True)]
    outcomes = at_once(
        *[
            lambda one=one, two=two: person_deactivate(actor=one, person=two)
            for one, two in (pair, pair[::-1])
        ]
    )
    assert names(outcomes) == ["PermissionDenied", "User"]
    assert User.objects.filter(role="admin", is_active=True).count() == 1


def test_five_of_forty_guesses_at_once_are_looked_at():
    person = PersonFactory()
    form = {"login": person.email, "password": "wrong"}
    at_once(*[lambda: Client().post("/accounts/login/", form)] * 40)
    looked_at = AuditEvent.objects.filter(event="signin.failed", outcome="failed").count()
    assert looked_at == 5
    assert "Too many" in Client().post("/accounts/login/", form | {"password": PASSWORD}).content.decode()
