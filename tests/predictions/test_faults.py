"""What is uploaded is analysed once or fails with a reason, whatever dies: real worker processes, killed."""

import contextlib
import os
import shutil
import signal
import subprocess
import sys
import time
from pathlib import Path

import numpy as np
import pytest
from django.conf import settings as configured
from PIL import Image

from hematovision.celery import app
from hematovision.core.origin import Origin
from hematovision.core.queue import ANALYSE_FIELD, QUEUE_OF, ring
from mlcore.engine.bundle import SHIPPED_BUNDLE
from mlcore.registry.services import promote, register_bundle, ship
from predictions.models import Analysis, AnalysisJob, ReanalysedSample, SmearField
from predictions.pipeline.inspect import inspect
from predictions.services import sample_create
from predictions.services.analyse import analyse_field
from predictions.services.reanalysis import reanalysis_order
from predictions.services.sweep import sweep
from predictions.synthetic import draw_field
from tests.accounts.factories import PersonFactory
from tests.mlcore.conftest import renamed
from tests.predictions import hostile, plain_model

pytestmark = [pytest.mark.processes, pytest.mark.django_db(transaction=True)]

LEASE = 3


@pytest.fixture
def var(settings, tmp_path, broker):
    """The folders that a worker process finds by ``HV_VAR``, a short lease, and empty queues."""
    settings.IMAGE_ROOT, settings.MODEL_ROOT = tmp_path / "images", tmp_path / "models"
    settings.JOB_LEASE_SECONDS = LEASE
    broker.delete("inference")
    yield tmp_path
    broker.delete("inference")


@pytest.fixture
def model(var):
    return ship(SHIPPED_BUNDLE)


@pytest.fixture
def start_worker(var):
    """Start inference workers that end with the test."""
    started = []

    def start_worker(processes=1):
        log = (var / "worker.log").open("ab")
        command = ("celery", "-A", "hematovision", "worker", "-Q", "inference", "-P", "prefork")
        worker = subprocess.Popen(
            [sys.executable, "-m", *command, "-c", str(processes), "-n", f"w{len(started)}@%h"],
            env={**os.environ, "HV_VAR": str(var), "JOB_LEASE_SECONDS": str(LEASE)},
            stdout=log,
            stderr=log,
            start_new_session=True,
        )
        started.append(worker)
        return worker

    yield start_worker
    for worker in started:
        with contextlib.suppress(ProcessLookupError):
            os.killpg(worker.pid, signal.SIGKILL)
        worker.wait()


def children(worker):
    return [int(pid) for pid in Path(f"/proc/{worker.pid}/task/{worker.pid}/children").read_text().split()]


def smear(seed=1):
    return draw_field(seed).encoded()


def slow_picture(seed):
    """Sixteen megapixels: long enough to read that a kill meets the reading."""
    tile = np.asarray(hostile.picture(400, 400, seed=seed))
    return hostile.encoded(Image.fromarray(np.tile(tile, (10, 10, 1))), "JPEG")


def until(answer, seconds=60, *, sweeping=False):
    """Ask until it holds; ``sweeping`` does what the scheduler does."""
    ends = time.monotonic() + seconds
    while time.monotonic() < ends:
        if answer():
            return
        if sweeping:
            sweep()
        time.sleep(0.05)
    states = list(AnalysisJob.objects.values_list("state", "attempts", "failure_code"))
    pytest.fail(f"not in {seconds} s: {states}\n{worker_log()}")


def worker_log():
    return (Path(configured.IMAGE_ROOT).parent / "worker.log").read_text()[-3000:]


def ended():
    return not AnalysisJob.objects.exclude(state__in=["done", "failed"]).exists()


def running():
    return AnalysisJob.objects.filter(state="running").exists()


def nothing_lost(accepted):
    """Accepted = done + failed with a reason; one result each; files and rows agree."""
    assert SmearField.objects.count() == accepted
    done = AnalysisJob.objects.filter(state="done").count()
    failed = AnalysisJob.objects.filter(state="failed").exclude(failure_text="").count()
    assert done + failed == accepted
    assert Analysis.objects.count() == done
    assert set(Analysis.objects.values_list("field", flat=True)) == set(
        AnalysisJob.objects.filter(state="done").values_list("field", flat=True)
    )
    assert inspect(read=True).clean


def test_every_name_is_registered():
    app.loader.import_default_modules()
    assert set(QUEUE_OF) <= set(app.tasks)


def test_smear_is_read_by_a_real_worker_with_the_real_model(submit, model, start_worker):
    start_worker()
    field = submit(smear()).field
    until(ended)
    analysis = field.analyses.get()
    assert analysis.model_version == model
    cells = list(analysis.cells.all())
    assert cells
    for cell in cells:
        assert sum(cell.probabilities.values()) == pytest.approx(1, abs=1e-3)
        assert cell.confidence == max(cell.probabilities.values())
        assert 0 <= cell.x0 < cell.x1 <= field.image.width
    nothing_lost(1)


def test_killed_child_loses_nothing(submit, model, start_worker):
    worker = start_worker()
    for seed in range(3):
        submit(slow_picture(seed))
    until(running)
    for child in children(worker):
        os.kill(child, signal.SIGKILL)
    until(ended, sweeping=True)
    assert AnalysisJob.objects.filter(state="done").count() == 3
    assert AnalysisJob.objects.filter(attempts=2).exists(), "the kill met no reading"
    nothing_lost(3)


def test_killed_worker_loses_nothing(submit, model, start_worker):
    worker = start_worker(processes=2)
    for seed in range(4):
        submit(slow_picture(seed))
    until(running)
    os.killpg(worker.pid, signal.SIGKILL)
    worker.wait()
    start_worker()
    until(ended, sweeping=True)
    assert AnalysisJob.objects.filter(state="done").count() == 4
    nothing_lost(4)


def test_image_that_kills_every_child_ends_with_a_reason(submit, model, start_worker):
    worker = start_worker()
    submit(slow_picture(1))
    for attempt in (1, 2, 3):
        until(lambda: AnalysisJob.objects.filter(state="running", attempts=attempt).exists(), sweeping=True)  # noqa: B023
        for child in children(worker):
            os.kill(child, signal.SIGKILL)
    until(ended, sweeping=True)
    assert AnalysisJob.objects.get().failure_code == "gave_up"
    nothing_lost(1)


def test_flushed_broker_loses_nothing(submit, model, start_worker, broker):
    for seed in range(5):
        submit(smear(seed))
    broker.flushdb()
    AnalysisJob.objects.update(created_at="2026-01-01T00:00Z")
    start_worker()
    until(ended, sweeping=True)
    nothing_lost(5)


def test_duplicate_delivery_gives_one_result(submit, model, start_worker):
    fields = [submit(smear(seed)).field for seed in range(3)]
    for field in fields * 10:
        ring(ANALYSE_FIELD, str(field.pk))
    start_worker(processes=2)
    until(ended)
    time.sleep(1)
    assert list(AnalysisJob.objects.values_list("attempts", flat=True)) == [1, 1, 1]
    nothing_lost(3)


def test_without_model_jobs_wait_and_go_on_when_it_is_back(submit, model, start_worker, var):
    shutil.move(var / "models", var / "away")
    start_worker()
    submit(smear())
    until(lambda: "Field" in worker_log() and "waits" in worker_log())
    job = AnalysisJob.objects.get()
    assert (job.state, job.attempts) == ("queued", 0)
    shutil.move(var / "away", var / "models")
    AnalysisJob.objects.update(created_at="2026-01-01T00:00Z")
    until(ended, sweeping=True)
    nothing_lost(1)


def test_altered_model_predicts_nothing(submit, model, start_worker, var):
    network = next((var / "models").rglob("network*.tflite"))
    content = bytearray(network.read_bytes())
    content[len(content) // 2] ^= 255
    network.chmod(0o600)
    network.write_bytes(content)
    start_worker()
    submit(smear())
    until(lambda: "waits" in worker_log())
    assert AnalysisJob.objects.get().state == "queued"
    assert not Analysis.objects.exists()


def test_promotion_in_the_middle_names_the_version_really_used(submit, model, start_worker, tmp_path):
    start_worker()
    for seed in range(8):
        submit(smear(seed))
    until(lambda: Analysis.objects.count() >= 2)
    second = ship_candidate(tmp_path)
    time.sleep(1.2)  # a worker asks at most once a second which version is active
    for seed in range(8, 12):
        submit(smear(seed))
    until(ended)
    nothing_lost(12)
    versions = list(Analysis.objects.order_by("field__created_at").values_list("model_version", flat=True))
    assert set(versions) == {model.pk, second.pk}
    assert versions[-4:] == [second.pk] * 4


def ship_candidate(folder):
    """Register the same network as another version and make it active."""
    version = register_bundle(directory=renamed(folder / "second", "second"), actor=None)
    return promote(version=version.pk, actor=None)


def test_samples_are_read_again_after_a_kill_and_after_uploads(model, start_worker, technician, submit):
    old = plain_model.loaded("e" * 64, state="candidate")
    for number in range(8):
        facts = {"accession": f"K-{number:03}"}
        sample = sample_create(actor=technician, origin=Origin(), facts=facts)
        field = submit(smear(number), sample_id=sample.pk).field
        analyse_field(field.pk, load=lambda: old)
    order = reanalysis_order(actor=PersonFactory(admin=True), origin=Origin())
    worker = start_worker()
    until(lambda: ReanalysedSample.objects.filter(lease_until__isnull=False).exists())
    os.killpg(worker.pid, signal.SIGKILL)
    worker.wait()
    held = ReanalysedSample.objects.filter(state="waiting")
    left = held.last().sample_id
    fresh = submit(smear(77)).field
    start_worker()
    until(lambda: AnalysisJob.objects.get(field=fresh).state == "done", sweeping=True)
    until(lambda: not held.exists(), sweeping=True)
    until(lambda: type(order).objects.get(pk=order.pk).state == "done", sweeping=True)
    assert set(ReanalysedSample.objects.values_list("state", flat=True)) == {"switched"}
    assert Analysis.objects.filter(field__sample__isnull=False).count() == 16
    last = Analysis.objects.filter(field__sample=left).latest("created_at")
    assert Analysis.objects.get(field=fresh).created_at < last.created_at
