"""Exactly one result for each field and model version, whatever happens to the messages and the workers."""

import threading
import time
from datetime import timedelta

import pytest
from celery import current_app
from django.db import connection, transaction
from django.utils import timezone

from accounts.audit.models import AuditEvent
from hematovision.core.origin import Origin
from mlcore.registry.models import ModelState
from mlcore.serving.loader import ModelUnavailable
from predictions.errors import RetryRefused
from predictions.models import Analysis, AnalysisJob, Cell, SmearField
from predictions.pipeline.infer import infer
from predictions.services import analysis_retry, jobs
from predictions.services.analyse import analyse_field
from predictions.services.sweep import sweep
from predictions.states import TRANSITIONS, Failure, JobState
from tests.predictions import hostile
from tests.predictions.plain_model import BrightestCell, loaded

pytestmark = pytest.mark.django_db(transaction=True)


@pytest.fixture
def model(transactional_db):
    return loaded()


@pytest.fixture
def bells(broker):
    """The messages waiting for the inference worker."""
    broker.delete("inference")
    yield lambda: broker.llen("inference")
    broker.delete("inference")


def analyse(field, model):
    analyse_field(field.pk, load=lambda: model)
    field.job.refresh_from_db()
    return field.job


def lease_runs_out(field):
    AnalysisJob.objects.filter(field=field).update(lease_until=timezone.now() - timedelta(seconds=1))


def test_upload_is_analysed(submit, model):
    field = submit().field
    job = analyse(field, model)
    assert (job.state, job.attempts, job.lease_until) == ("done", 1, None)
    analysis = field.analyses.get()
    cell = analysis.cells.get()
    assert analysis.model_version == model.version
    assert (cell.number, cell.label, cell.confidence) == (1, "neutrophil", 0.9)
    assert sum(cell.probabilities.values()) == pytest.approx(1)
    assert AuditEvent.objects.filter(event="field.analysed", subject_id=str(field.pk)).count() == 1


def test_upload_without_a_cell_is_done_too(submit, model):
    field = submit(hostile.encoded(hostile.Image.new("RGB", (64, 64)), "PNG")).field
    assert analyse(field, model).state == "done"
    assert not Cell.objects.exists()


def test_a_bell_rings_once_the_upload_is_committed(submit, bells):
    with transaction.atomic():
        submit()
        assert bells() == 0
    assert bells() == 1


def test_no_bell_rings_for_what_was_rolled_back(submit, bells):
    with transaction.atomic():
        submit()
        transaction.set_rollback(True)
    assert bells() == 0
    assert not SmearField.objects.exists()


def test_bell_heard_many_times_gives_one_result(submit, model):
    field = submit().field
    for _ in range(5):
        analyse(field, model)
    assert field.analyses.count() == Cell.objects.count() == 1
    assert model.predictor.calls == 1


def test_bell_heard_at_once_by_many_gives_one_result(submit, model):
    field = submit().field
    start = threading.Barrier(6)

    def worker():
        start.wait()
        try:
            analyse_field(field.pk, load=lambda: model)
        finally:
            connection.close()

    workers = [threading.Thread(target=worker) for _ in range(6)]
    for one in workers:
        one.start()
    for one in workers:
        one.join()
    assert model.predictor.calls == 1
    assert Analysis.objects.count() == 1
    assert AnalysisJob.objects.get().attempts == 1


def test_live_lease_keeps_others_away(submit):
    field = submit().field
    assert jobs.claim(field.pk)
    assert jobs.claim(field.pk) is None


def test_late_worker_changes_nothing(submit, model):
    field = submit().field
    late = jobs.claim(field.pk)
    reading = infer(model.predictor, field)
    lease_runs_out(field)
    other = loaded("b" * 64, ModelState.CANDIDATE)
    assert analyse(field, other).state == "done"
    assert jobs.complete(late, reading, model.version) is False
    assert jobs.fail(late, Failure.MODEL_ERROR) is False
    jobs.give_back(late, Failure.MODEL_ERROR)
    field.job.refresh_from_db()
    assert (field.job.state, field.job.fence) == ("done", 2)
    assert [one.model_version for one in field.analyses.all()] == [other.version]


def test_result_and_state_are_written_together_or_not_at_all(submit, model, monkeypatch):
    field = submit().field

    def crash(*_args, **_facts):
        raise RuntimeError("the worker dies right before the commit")

    with monkeypatch.context() as patch:
        patch.setattr(jobs, "record", crash)
        with pytest.raises(RuntimeError):
            analyse(field, model)
    field.job.refresh_from_db()
    assert field.job.state == "running"
    assert not Analysis.objects.exists()
    assert not Cell.objects.exists()
    lease_runs_out(field)
    assert analyse(field, model).state == "done"


def test_missing_model_uses_up_no_attempt(submit):
    field = submit().field

    def unavailable():
        raise ModelUnavailable("none")

    analyse_field(field.pk, load=unavailable)
    field.job.refresh_from_db()
    assert (field.job.state, field.job.attempts) == ("queued", 0)


class Poisoned(BrightestCell):
    def predict(self, image, *, single=False):
        raise MemoryError("this image does something to the model")


def test_poison_ends_with_a_reason(submit, model, bells):
    field = submit().field
    poisoned = type(model)(Poisoned("a" * 64), model.version)
    for attempt in (1, 2):
        assert analyse(field, poisoned).state == "queued"
        assert bells() == 1 + attempt
    job = analyse(field, poisoned)
    assert (job.state, job.attempts, job.failure_code) == ("failed", 3, "model_error")
    assert "Retry" in job.failure_text
    assert AuditEvent.objects.get(event="analysis.failed").detail == {"code": "model_error", "attempts": 3}
    assert analyse(field, model).state == "failed"


def test_workers_that_die_silently_end_with_a_reason(submit, bells):
    field = submit().field
    for _ in range(3):
        assert jobs.claim(field.pk)
        lease_runs_out(field)
    assert jobs.claim(field.pk) is None
    sweep()
    job = AnalysisJob.objects.get()
    assert (job.state, job.failure_code) == ("failed", "gave_up")


def test_altered_image_is_not_shown_to_the_model(submit, model):
    field = submit().field
    field.image.path.write_bytes(hostile.jpeg(seed=9))
    job = analyse(field, model)
    assert (job.state, job.failure_code) == ("failed", "image_missing")
    assert model.predictor.calls == 0


def test_missing_image_fails_with_a_reason(submit, model):
    field = submit().field
    field.image.path.unlink()
    assert analyse(field, model).failure_code == "image_missing"


def test_failed_analysis_is_retried(submit, model, technician, bells):
    field = submit().field
    content = field.image.path.read_bytes()
    field.image.path.unlink()
    analyse(field, model)
    field.image.path.write_bytes(content)
    before = bells()
    analysis_retry(actor=technician, origin=Origin(), field_id=field.pk)
    assert bells() == before + 1
    job = analyse(field, model)
    assert (job.state, job.attempts, job.failure_code, job.failure_text) == ("done", 1, "", "")
    # The wait of whoever uploaded it began with the upload, not with the retry.
    assert job.result_seconds == (job.finished_at - field.created_at).total_seconds()
    assert AuditEvent.objects.filter(event="analysis.retried", actor=technician).count() == 1


def test_what_has_not_failed_is_not_retried(submit, model, technician):
    field = submit().field
    with pytest.raises(RetryRefused):
        analysis_retry(actor=technician, origin=Origin(), field_id=field.pk)
    analyse(field, model)
    with pytest.raises(RetryRefused):
        analysis_retry(actor=technician, origin=Origin(), field_id=field.pk)
    assert not AuditEvent.objects.filter(event="analysis.retried").exists()


def test_sweeper_rings_for_what_nobody_heard(submit, bells, broker):
    field = submit().field
    AnalysisJob.objects.update(created_at=timezone.now() - timedelta(minutes=1))
    broker.delete("inference")  # a flushed broker, or a crash between commit and ringing
    assert sweep() == 1
    assert bells() == 1
    assert sweep() == 0, "one bell is enough"
    jobs.claim(field.pk)
    broker.delete("inference")
    assert sweep() == 0, "a live worker has it"
    lease_runs_out(field)
    assert sweep() == 1


def test_sweeper_rings_for_the_oldest_first(submit, bells, broker):
    fields = [submit(hostile.png(seed=n)).field for n in range(3)]
    for minutes, field in zip((1, 3, 2), fields, strict=True):
        AnalysisJob.objects.filter(field=field).update(created_at=timezone.now() - timedelta(minutes=minutes))
    broker.ltrim("inference", 0, 1)  # one of three bells is lost, nobody knows whose
    assert sweep() == 1
    assert str(fields[1].pk).encode() in broker.lindex("inference", 0)


def test_sweeper_leaves_fresh_uploads_alone(submit, bells, broker):
    submit()
    broker.delete("inference")
    assert sweep() == 0


def test_upload_survives_a_dead_broker(submit, monkeypatch, caplog):
    monkeypatch.setattr(current_app.conf, "broker_url", "redis://127.0.0.1:1/0")
    monkeypatch.setattr(current_app.amqp, "_producer_pool", None)
    monkeypatch.setattr(current_app, "_pool", None)
    began = time.monotonic()
    field = submit().field
    assert "did not take" in caplog.text
    assert time.monotonic() - began < 5
    assert field.job.state == "queued"


def test_transition_table_is_what_the_database_allows():
    assert set(TRANSITIONS) == set(JobState)
    assert not TRANSITIONS[JobState.DONE]
