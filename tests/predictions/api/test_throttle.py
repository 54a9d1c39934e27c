"""The API takes so many requests a minute of each caller, says what is left, and holds up nobody else."""

import threading
from uuid import uuid4

import pytest
from django.test import Client

from accounts.tokens import token_create
from hematovision.core.origin import Origin
from predictions.api import throttle
from tests.accounts.factories import PersonFactory

pytestmark = pytest.mark.django_db

NOTHING = f"/api/v1/fields/{uuid4()}"


@pytest.fixture(autouse=True)
def limits(settings, monkeypatch):
    """Three requests a minute, and a clock that stands still twenty seconds into a minute."""
    settings.API_REQUESTS_PER_MINUTE = settings.API_STRANGERS_PER_MINUTE = 3
    clock = {"now": 1_000_000_000 // 60 * 60 + 20}
    monkeypatch.setattr(throttle.time, "time", lambda: clock["now"])
    return clock


def machine(person, admin):
    facts = {"name": "Scanner", "scopes": ["read", "predict"], "days": 1, "origin": Origin()}
    return Client(headers={"authorization": f"Bearer {token_create(actor=admin, person=person, **facts)[1]}"})


def left(answer):
    return [answer[f"RateLimit-{name}"] for name in ("Limit", "Remaining", "Reset")]


def test_each_answer_says_what_is_left_and_the_last_when_to_come_again(client, technician, limits):
    client.force_login(technician)
    assert [left(client.get(NOTHING)) for _ in range(3)] == [["3", n, "40"] for n in "210"]
    refused = client.get(NOTHING)
    assert (refused.status_code, refused.json()["code"]) == (429, "throttled")
    assert (refused["Retry-After"], left(refused)) == ("40", ["3", "0", "40"])
    limits["now"] += 40
    assert left(client.get(NOTHING)) == ["3", "2", "60"]


def test_tokens_people_and_scopes_are_counted_apart(client, technician, limits):
    admin = PersonFactory(admin=True)
    one, other = machine(technician, admin), machine(technician, admin)
    client.force_login(technician)
    assert [left(one.get(NOTHING)) for _ in range(3)] == [["3", n, "40"] for n in "210"]
    answer = one.get(NOTHING)
    assert (answer.status_code, answer.json()["code"], answer["Retry-After"]) == (429, "throttled", "40")
    assert left(answer) == ["3", "0", "40"]
    # All of them come from the same address; nobody else who does is held up, not even for the same person.
    for told in (other.get(NOTHING), client.get(NOTHING)):
        assert (told.status_code, left(told)) == (404, ["3", "2", "40"])
    assert one.get(NOTHING, REMOTE_ADDR="192.0.2.9").status_code == 429
    limits["now"] += 40
    assert (one.get(NOTHING).status_code, other.get(NOTHING)["RateLimit-Remaining"]) == (404, "2")
    sent = one.post("/api/v1/predict")
    assert (sent.status_code, sent["RateLimit-Remaining"]) == (400, "2")


def test_wrong_tokens_are_counted_by_address_and_shut_nobody_else_out(client, technician, settings):
    stranger = Client(headers={"authorization": "Bearer hvm_wrong"})
    assert [stranger.get(NOTHING).status_code for _ in range(4)] == [401, 401, 401, 429]
    refused = stranger.get(NOTHING)
    assert (refused["Content-Type"], refused.json()["code"]) == ("application/problem+json", "throttled")
    assert refused["Retry-After"] == "40"
    assert machine(technician, PersonFactory(admin=True)).get(NOTHING).status_code == 404
    settings.ALLAUTH_TRUSTED_PROXY_COUNT = 1
    for address, status in (("192.0.2.7", 401), ("192.0.2.7, 127.0.0.1", 429), ("127.0.0.1, 192.0.2.7", 401)):
        assert stranger.get(NOTHING, headers={"X-Forwarded-For": address}).status_code == status


def test_the_description_is_counted_by_address(client):
    assert left(client.get("/api/v1/schema")) == ["3", "2", "40"]


def test_of_parallel_requests_none_is_overlooked():
    used = []
    count = lambda: used.append(throttle.counted("person:x", 100, scope="read").used)  # noqa: E731
    threads = [threading.Thread(target=count) for _ in range(20)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert sorted(used) == list(range(1, 21))


def test_without_the_cache_nobody_is_held_up(client, technician, settings, caplog):
    away = {"BACKEND": "django.core.cache.backends.redis.RedisCache", "LOCATION": "redis://127.0.0.1:1/0"}
    client.force_login(technician)
    settings.CACHES = {"default": away}
    assert [client.get(NOTHING).status_code for _ in range(5)] == [404] * 5
    assert "not counted: ConnectionError" in caplog.text


def test_pages_are_not_counted(client):
    assert "RateLimit-Limit" not in client.get("/accounts/login/")


def test_no_limit_says_nothing(client, technician, settings):
    settings.API_REQUESTS_PER_MINUTE = 0
    client.force_login(technician)
    assert "RateLimit-Limit" not in client.get(NOTHING)
