"""Health and signs of life against the real database and broker."""

import json
import os
import subprocess
import sys
import time

import pytest
import redis
from django.conf import settings
from django.db import connections

from hematovision.core import health, views, workers
from tests.supervisor.portal import ROOT, until

pytestmark = pytest.mark.django_db


@pytest.fixture(autouse=True)
def nobody_at_work(broker):
    broker.delete(workers.MARKS)
    settings.IMAGE_ROOT.mkdir(parents=True, exist_ok=True)


def test_missing_parts_are_named_with_503(client):
    answer = client.get("/healthz")
    assert answer.status_code == 503
    assert answer["Retry-After"] == "5"
    parts = answer.json()["parts"]
    assert parts["database"] == parts["broker"] == parts["images"] == "ok"
    assert {parts[role] for role in workers.ROLES} == {"missing"}


def test_answer_holds_no_addresses_and_no_versions(client):
    text = client.get("/healthz").content.decode()
    assert set(client.get("/healthz").json()) == {"status", "parts"}
    for secret in ("127.0.0.1", "postgres", "hematovision", "valkey", "18."):
        assert secret not in text


def test_marks_make_a_role_present_until_they_are_old(broker):
    for role in workers.ROLES:
        workers.mark(role)
    assert {worker.role for worker in workers.alive()} == set(workers.ROLES)
    assert health.broker_and_workers()["inference"]
    seconds, _ = broker.time()
    for member in broker.zrange(workers.MARKS, 0, -1):
        broker.zadd(workers.MARKS, {member: seconds - workers.ALIVE_SECONDS - 1})
    assert workers.alive() == []
    workers.mark(workers.TRAINING)
    assert broker.zcard(workers.MARKS) == 1


def test_marks_of_this_machines_dead_are_forgotten_and_other_machines_keep_theirs(broker):
    seconds, _ = broker.time()
    elsewhere = json.dumps({"role": workers.TRAINING, "host": "elsewhere", "since": "2026-01-01T00:00:00Z"})
    broker.zadd(workers.MARKS, {elsewhere: seconds})
    workers.mark(workers.INFERENCE)
    workers.forget()
    assert [(one.role, one.host) for one in workers.alive()] == [(workers.TRAINING, "elsewhere")]
    workers.forget()


def test_all_parts_present_is_ok():
    for role in workers.ROLES:
        workers.mark(role)
    assert health.check({"model": lambda: True})["status"] == "ok"
    assert health.check({"model": lambda: False})["parts"]["model"] == "missing"


def test_broker_that_does_not_answer_is_missing(monkeypatch):
    monkeypatch.setattr(settings, "REDIS_URL", "redis://127.0.0.1:1/0")
    workers.client.cache_clear()
    try:
        assert set(health.broker_and_workers().values()) == {False}
    finally:
        workers.client.cache_clear()


def test_redis_without_room_is_an_outage_and_another_refusal_a_fault():
    full = "MISCONF Errors writing to the AOF file: No space left on device"
    assert views.is_outage(redis.ResponseError(full))
    assert not views.is_outage(redis.ResponseError("WRONGTYPE Operation against a key"))


def test_image_folder_that_is_gone_is_missing(tmp_path, monkeypatch):
    monkeypatch.setattr(settings, "IMAGE_ROOT", tmp_path / "gone")
    assert health.check()["parts"]["images"] == "missing"


@pytest.mark.django_db(transaction=True)
def test_database_that_does_not_answer_is_missing_and_nothing_else_is_asked(monkeypatch):
    connections["default"].close()
    monkeypatch.setitem(connections["default"].settings_dict, "PORT", "1")
    try:
        report = health.check({"model": lambda: pytest.fail("asked without a database"), "disk": health.disk})
    finally:
        monkeypatch.undo()
        connections["default"].close()
    assert report["parts"]["database"] == report["parts"]["model"] == "missing"
    assert report["parts"]["broker"] == report["parts"]["disk"] == "ok"


@pytest.mark.processes
@pytest.mark.django_db(transaction=True)
def test_real_worker_and_scheduler_mark_themselves():
    celery = [sys.executable, "-m", "celery", "-A", "hematovision"]
    commands = (
        [*celery, "worker", "-Q", "training", "-c", "1", "--without-gossip", "--without-mingle"],
        [*celery, "beat", "--scheduler", "hematovision.core.workers:MarkingScheduler", "--pidfile", ""],
    )
    running = [
        subprocess.Popen(command, cwd=ROOT, env=os.environ, stderr=subprocess.DEVNULL) for command in commands
    ]
    try:
        until(lambda: {worker.role for worker in workers.alive()} == {"training", "scheduler"})
        # The marks are renewed, not only left once.
        time.sleep(workers.ALIVE_SECONDS + 1)
        assert {worker.role for worker in workers.alive()} == {"training", "scheduler"}
    finally:
        for process in running:
            process.terminate()
            process.wait(30)


def test_a_worker_says_which_model_its_children_read_with(broker, monkeypatch):
    monkeypatch.setattr(os, "getppid", os.getpid)
    workers.mark(workers.INFERENCE)
    assert [one.model for one in workers.alive()] == [""]
    for version in ("0.1.0", "0.2.0"):
        workers.reads_with(version)
        assert [one.model for one in workers.alive()] == [version]
    workers.forget()
    workers.mark(workers.INFERENCE)
    assert [one.model for one in workers.alive()] == [""]
