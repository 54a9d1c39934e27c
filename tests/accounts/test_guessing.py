"""Guessing: answers and their time tell nothing about who has an account, and few tries pass."""

import re
import time

import pytest
from django.conf import global_settings
from django.core import mail
from django.core.cache import cache
from django.db import connection
from django.test.utils import CaptureQueriesContext

from tests.accounts.factories import PASSWORD, PersonFactory

pytestmark = pytest.mark.django_db
ROUNDS = 11


@pytest.fixture
def slow(settings):
    """The real way of keeping passwords, which is slow on purpose."""
    settings.PASSWORD_HASHERS = global_settings.PASSWORD_HASHERS


@pytest.fixture
def addresses(slow):
    """One of each kind of address."""
    PersonFactory(email="known@example.org")
    PersonFactory(email="gone@example.org", deactivated=True)
    PersonFactory(email="new@example.org", invited=True)
    return ["known@example.org", "nobody@example.org", "gone@example.org", "new@example.org"]


def effort(client, addresses, post):
    """Least processor milliseconds of an answer for each address, and the answers, in turns that favour none.

    What else the machine does delays answers, and it may be one address's; bench/signin.py takes the time.
    """
    spent, answers = {address: [] for address in addresses}, {}
    for _ in range(ROUNDS):
        for address in addresses:
            cache.clear()
            begun = time.process_time()
            answer = post(client, address)
            spent[address].append(1000 * (time.process_time() - begun))
            answers[address] = (answer.status_code, answer.get("Location"), len(answer.content))
    return {address: min(times) for address, times in spent.items()}, answers


def sign_in(client, address):
    return client.post("/accounts/login/", {"login": address, "password": "not the password"})


def reset(client, address):
    return client.post("/accounts/password/reset/", {"email": address})


def test_signing_in_takes_as_much_for_every_address(client, addresses):
    spent, answers = effort(client, addresses, sign_in)
    lengths = {size - len(address) for address, (_status, _to, size) in answers.items()}
    assert {status for status, *_rest in answers.values()} == {200}
    assert len(lengths) == 1
    assert max(spent.values()) < 1.5 * min(spent.values())


def test_asking_for_a_new_password_does_the_same_for_every_address(client, addresses, settings):
    """Not only about as much work: the same questions to the database, and nobody is looked up or mailed."""
    settings.MAIL_ENABLED = True
    asked = {}
    for address in addresses:
        with CaptureQueriesContext(connection) as queries:
            reset(client, address)
        asked[address] = [re.sub(r"'[^']*'|\"s\d+_x\d+\"", "?", query["sql"]) for query in queries]
    assert len({tuple(one) for one in asked.values()}) == 1
    assert not any('FROM "accounts_user"' in query for query in asked[addresses[0]])
    spent, answers = effort(client, addresses, reset)
    assert len(set(answers.values())) == 1
    assert mail.outbox == []
    assert max(spent.values()) < 1.5 * min(spent.values())


@pytest.mark.django_db(transaction=True)
def test_few_tries_pass(client):
    """Tries at one account, then at many from one address of the network."""
    one = PersonFactory().email
    refused = [b"Too many failed" in attempt(client, one, str(number)) for number in range(20)]
    assert refused.count(False) == 5
    cache.clear()
    others = [PersonFactory().email for _ in range(40)]
    assert sum(b"are not correct" in attempt(client, other, PASSWORD + "x") for other in others) == 10


def attempt(client, address, password):
    return client.post("/accounts/login/", {"login": address, "password": password}).content
