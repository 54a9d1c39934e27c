"""One worker holds a run at a time; one that lost it can store nothing any more."""

import threading
from datetime import timedelta

import pytest
from django.db import connection
from django.utils import timezone

from accounts.audit.models import AuditEvent
from mlcore.registry.models import TrainingRun, TrainingState
from mlcore.training import lease
from mlcore.training.leased import LostLease


@pytest.fixture
def run(admin):
    return TrainingRun.objects.create(recipe="cell", data="smears", options={"epochs": 1}, started_by=admin)


def let_the_lease_run_out(run):
    TrainingRun.objects.filter(pk=run.pk).update(lease_until=timezone.now() - timedelta(seconds=1))


@pytest.mark.django_db(transaction=True)
def test_of_many_workers_one_gets_the_run(run):
    start, got = threading.Barrier(8), []

    def work():
        start.wait()
        if lease.claim(run.pk):
            got.append(1)
        connection.close()

    threads = [threading.Thread(target=work) for _ in range(8)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert len(got) == 1
    run.refresh_from_db()
    assert (run.state, run.attempts, run.fence) == (TrainingState.RUNNING, 1, 1)


def test_a_run_whose_worker_has_gone_is_found_and_taken_over(run):
    assert lease.overdue() == [run.pk]
    first = lease.claim(run.pk)
    assert lease.overdue() == []
    assert lease.claim(run.pk) is None
    let_the_lease_run_out(run)
    assert lease.overdue() == [run.pk]
    second = lease.claim(run.pk)
    assert (second.fence, second.attempts) == (2, 2)
    assert second.started_at == first.started_at


def test_the_worker_that_lost_the_run_stores_nothing(run):
    late = lease.claim(run.pk)
    let_the_lease_run_out(run)
    holder = lease.claim(run.pk)
    with pytest.raises(LostLease):
        lease.renew(late, progress={"epoch": 9}, log="late")
    with pytest.raises(LostLease):
        lease.finish(late, state=TrainingState.FAILED, failure="late")
    lease.renew(holder, progress={"epoch": 1}, log="said")
    done = lease.finish(holder, state=TrainingState.DONE)
    assert (done.state, done.progress, done.log, done.failure) == (
        TrainingState.DONE,
        {"epoch": 1},
        "said",
        "",
    )
    assert AuditEvent.objects.filter(event="training.ended").count() == 1
    assert lease.overdue() == []


def test_a_worker_hears_that_it_should_stop(run):
    held = lease.claim(run.pk)
    assert lease.renew(held, progress={}, log="") is False
    TrainingRun.objects.filter(pk=run.pk).update(stop_requested=True)
    assert lease.renew(held, progress={}, log="") is True


def test_a_very_long_log_keeps_its_end(run):
    held = lease.claim(run.pk)
    lease.renew(held, progress={}, log="x" * lease.LOG_CHARACTERS + "the end")
    run.refresh_from_db()
    assert len(run.log) == lease.LOG_CHARACTERS
    assert run.log.endswith("the end")
