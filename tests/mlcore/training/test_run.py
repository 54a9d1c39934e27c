"""The training line with the real engine in a real child: a candidate, a refusal, a stop, a crash."""

import contextlib
import hashlib
import os
import signal
import subprocess
import sys
import threading
import time
from datetime import timedelta
from pathlib import Path

import pytest
from django.db import connection
from django.utils import timezone

from accounts.audit.models import AuditEvent
from mlcore.engine.bundle import read_bundle
from mlcore.engine.criteria import no_leak
from mlcore.engine.frozen import PICTURES, FrozenHeader, FrozenPicture, picture_file, write_frozen
from mlcore.engine.images import pixels_hash, read_image
from mlcore.engine.noninferiority import Verdict
from mlcore.engine.seen import seen_by
from mlcore.registry import files, selectors, training
from mlcore.registry.dataset_selectors import ready_version, shown_by_test
from mlcore.registry.models import (
    DataSet,
    DataSetVersion,
    ModelSource,
    ModelState,
    TrainingRun,
    TrainingState,
)
from mlcore.training import lease
from mlcore.training.run import run_training
from predictions.synthetic import draw_field

pytestmark = [pytest.mark.processes, pytest.mark.django_db(transaction=True)]


@pytest.fixture
def var(settings, tmp_path):
    settings.VAR_DIR = tmp_path
    settings.TRAINING_DATA_ROOT = tmp_path / "data"
    (tmp_path / "data").mkdir()
    return tmp_path


@pytest.fixture
def drawn(var):
    """Drawn cells of two known classes and one of the laboratory's own, in the layout of the PBC set."""
    kinds = (
        (0, "neutrophil", "neutrophil"),
        (100, "lymphocyte", "lymphocyte"),
        (200, "monocyte", "Mast cell"),
    )
    for first, label, name in kinds:
        folder = var / "data" / "drawn" / "pbc" / name
        folder.mkdir(parents=True)
        for seed in range(first, first + 24):
            picture = draw_field(seed, labels=[label], width=224, height=224)
            (folder / f"{seed}.jpg").write_bytes(picture.encoded())
    return "drawn"


@pytest.fixture
def frozen(var, settings, admin):
    """The same cells as a frozen data set; one group of three touches the test and is in it."""
    folder, cells = var / "datasets", []
    settings.DATASET_ROOT = folder
    for kind, (label, name) in enumerate(
        (("neutrophil", "neutrophil"), ("lymphocyte", "lymphocyte"), ("monocyte", "mast_cell"))
    ):
        for seed in range(20):
            data = draw_field(100 * kind + seed, labels=[label], width=160, height=160).encoded()
            sha256 = hashlib.sha256(data).hexdigest()
            path = folder / PICTURES / picture_file(sha256, ".jpg")
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_bytes(data)
            split = ("test", "validation", "validation", "training")[min(seed // 2, 3)]
            file = picture_file(sha256, ".jpg")
            facts = (sha256, file, name, "here", f"{kind}-{seed // 2}", split)
            cells.append(FrozenPicture(*facts, pixels=pixels_hash(read_image(data))))
    sha256 = write_frozen(folder, FrozenHeader("drawn", 3, "CC0", "drawn"), cells)
    row = DataSet.objects.create(name="drawn", license="CC0", source="drawn", created_by=admin)
    facts = {"number": 3, "sha256": sha256, "state": "ready", "origin": "zip", "created_by": admin}
    DataSetVersion.objects.create(dataset=row, counts={"cells": len(cells)}, **facts)
    return sha256


def order(admin, data, recipe="cell"):
    return training.training_start(actor=admin, origin=None, recipe=recipe, data=data, options={"epochs": 1})


def order_set(admin, frozen, recipe="head", **options):
    chosen = {"datasets": [frozen], "augmentation": "none", **options}
    return training.training_start(actor=admin, origin=None, recipe=recipe, data="", options=chosen)


def learned(run):
    """Return the epochs that a run has told of so far."""
    return TrainingRun.objects.get(pk=run.pk).history


@contextlib.contextmanager
def in_background(run):
    """Carry out ``run`` in a thread of this process, as a worker's child does."""

    def work():
        try:
            run_training(run.pk)
        finally:
            connection.close()

    thread = threading.Thread(target=work)
    thread.start()
    yield thread
    thread.join(200)
    assert not thread.is_alive()


def wait_for(what, seconds=60):
    deadline = time.monotonic() + seconds
    while time.monotonic() < deadline:
        if found := what():
            return found
        time.sleep(0.1)
    pytest.fail("It did not happen in time.")


def engines(run):
    """Return the processes that train ``run``."""
    found = []
    for entry in Path("/proc").iterdir():
        with contextlib.suppress(OSError):
            command = (entry / "cmdline").read_bytes() if entry.name.isdigit() else b""
            if b"mlcore.engine" in command and str(run.pk).encode() in command:
                found.append(int(entry.name))
    return found


@pytest.mark.timeout(900)
def test_a_run_ends_as_a_measurable_candidate(active, admin, drawn):
    run = order(admin, drawn, recipe="classic")
    run_training(run.pk)
    run.refresh_from_db()
    assert run.state == TrainingState.DONE, run.failure
    assert run.result.source == ModelSource.TRAINED
    assert run.result.state == ModelState.CANDIDATE
    assert run.result.registered_by == admin
    assert run.result.labels == ["neutrophil", "lymphocyte", "mast_cell"]
    assert run.result.metrics["data"]["training"]["pictures"] > 20
    assert (run.progress["epoch"], run.percent) == (run.progress["of"], 100)
    assert "is complete" in run.log
    assert selectors.active_version() == active
    ended = AuditEvent.objects.get(event="training.ended")
    assert (ended.outcome, ended.subject_id) == ("ok", str(run.pk))


def test_data_that_cannot_be_used_fails_with_the_engine_s_own_sentence(active, admin, var):
    (var / "data" / "nothing").mkdir()
    run = order(admin, "nothing")
    run_training(run.pk)
    run.refresh_from_db()
    assert run.state == TrainingState.FAILED
    assert "it needs a folder for each class" in run.failure
    assert AuditEvent.objects.get(event="training.ended").outcome == "failed"


def test_the_engine_runs_low_knows_no_secret_and_stops_when_asked(active, admin, drawn):
    run = order(admin, drawn)
    with in_background(run):
        pid = wait_for(lambda: engines(run))[0]
        wait_for(lambda: TrainingRun.objects.get(pk=run.pk).progress.get("stage"))
        assert os.getpriority(os.PRIO_PROCESS, pid) == 19
        environment = Path(f"/proc/{pid}/environ").read_text()
        for secret in ("DATABASE_URL", "DATABASE_OWNER_URL", "REDIS_URL", "SECRET_KEY"):
            assert secret not in environment
        training.training_stop(actor=admin, origin=None, run_id=run.pk)
    run.refresh_from_db()
    assert run.state == TrainingState.INTERRUPTED
    assert engines(run) == []
    assert not selectors.versions().filter(source=ModelSource.TRAINED).exists()


def test_a_killed_worker_takes_its_engine_along_and_the_next_one_takes_over(active, admin, drawn, var):
    run = order(admin, drawn)
    worker = subprocess.Popen(
        [sys.executable, "-m", "django", "shell", "-c", _WORK.format(run=run.pk)],
        env={**os.environ, "HV_VAR": str(var), "TRAINING_DATA_ROOT": str(var / "data")},
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
    )
    try:
        wait_for(lambda: engines(run))
    finally:
        worker.send_signal(signal.SIGKILL)
        worker.wait()
    wait_for(lambda: engines(run) == [], seconds=5)
    run_training(run.pk)
    run.refresh_from_db()
    assert (run.state, run.attempts) == (TrainingState.RUNNING, 1), "the lease of the dead worker still holds"
    TrainingRun.objects.filter(pk=run.pk).update(lease_until=timezone.now() - timedelta(seconds=1))
    with in_background(run):
        wait_for(lambda: engines(run))
        training.training_stop(actor=admin, origin=None, run_id=run.pk)
    run.refresh_from_db()
    assert (run.state, run.attempts) == (TrainingState.INTERRUPTED, 2)


_WORK = "from mlcore.training.run import run_training; from uuid import UUID; run_training(UUID('{run}'))"


def test_a_run_that_dies_again_and_again_is_given_up_with_a_reason(active, admin, drawn):
    run = order(admin, drawn)
    TrainingRun.objects.filter(pk=run.pk).update(attempts=3)
    run_training(run.pk)
    run.refresh_from_db()
    assert run.state == TrainingState.FAILED
    assert "3 times" in run.failure


def test_somebody_who_was_demoted_meanwhile_trains_nothing(active, admin, drawn):
    run = order(admin, drawn)
    type(admin).objects.filter(pk=admin.pk).update(role="doctor")
    run_training(run.pk)
    run.refresh_from_db()
    assert run.state == TrainingState.FAILED
    assert "doctor" in run.failure
    assert run.result is None


@pytest.mark.timeout(300)
def test_a_head_learns_a_class_that_nobody_knew_and_tells_what_it_saw(active, admin, frozen, var):
    run = order_set(admin, frozen, epochs=3, balance="found")
    run_training(run.pk)
    run.refresh_from_db()
    assert run.state == TrainingState.DONE, run.failure
    assert run.result.labels == ["neutrophil", "lymphocyte", "mast_cell"]
    bundle = read_bundle(files.folder_of(run.result.location))
    data = bundle.manifest["data"]
    assert data["datasets"][0] | {"source": ""} == {
        "name": "drawn",
        "version": 3,
        "sha256": frozen,
        "license": "CC0",
        "source": "",
    }
    assert (data["training"]["pictures"], data["validation"]["pictures"]) == (42, 12)
    base, seen = seen_by(read_bundle(files.folder_of(active.location))), seen_by(bundle)
    # It has seen what the model that it started from saw, and its own pictures, but not its test.
    assert len(base.pixels) > 10_000
    assert seen.pixels > base.pixels
    assert (len(seen.pixels - base.pixels), seen.untold) == (54, ())
    shown = shown_by_test(ready_version(frozen))
    assert no_leak({cell.pixels: cell.look for cell in shown}, seen).verdict is Verdict.PASSED
    assert "here, test part of drawn 3" in run.result.metrics["evaluation"]
    assert [epoch["epoch"] for epoch in run.history] == [1, 2, 3]
    assert {"loss", "val_loss", "accuracy", "val_accuracy", "rate"} <= set(run.history[0])
    best = min(run.history, key=lambda epoch: epoch["val_loss"])["epoch"]
    assert run.progress["kept"] == {"head": [best, best]}
    assert run.progress["most_memory_mb"] > 50
    assert not (var / "training" / str(run.pk)).exists()


@pytest.mark.timeout(300)
def test_a_stop_keeps_the_best_so_far_and_a_second_order_waits(active, admin, frozen):
    run = order_set(admin, frozen, epochs=200, patience=0)
    waiting = order_set(admin, frozen, epochs=1)
    with in_background(run):
        wait_for(lambda: learned(run), seconds=200)
        assert lease.claim(waiting.pk) is None
        training.training_stop(actor=admin, origin=None, run_id=run.pk)
    run.refresh_from_db()
    assert (run.state, run.stopped_early) == (TrainingState.DONE, True), run.failure
    assert len(run.history) < 200
    assert read_bundle(files.folder_of(run.result.location)).manifest["training"]["stopped_early"] is True
    assert lease.overdue() == [waiting.pk]
    assert lease.claim(waiting.pk) is not None


@pytest.mark.timeout(300)
def test_a_killed_trainer_is_interrupted_and_goes_on_to_a_candidate(active, admin, frozen):
    run = order_set(admin, frozen, recipe="ensemble", epochs=8, patience=0)
    with in_background(run):
        wait_for(lambda: any("head 2" in epoch["stage"] for epoch in learned(run)), seconds=200)
        for pid in engines(run):
            os.kill(pid, signal.SIGKILL)
    run.refresh_from_db()
    assert run.state == TrainingState.INTERRUPTED
    assert "signal 9" in run.failure
    training.training_resume(actor=admin, origin=None, run_id=run.pk)
    assert AuditEvent.objects.filter(event="training.resumed").count() == 1
    run_training(run.pk)
    run.refresh_from_db()
    assert (run.state, run.failure) == (TrainingState.DONE, "")
    assert run.result.state == ModelState.CANDIDATE
    # The first head was not trained again: each of its epochs was told of once.
    assert [epoch["epoch"] for epoch in run.history if epoch["stage"] == "head 1 of 5"] == list(range(1, 9))
    with pytest.raises(training.TrainingRefused):
        training.training_resume(actor=admin, origin=None, run_id=run.pk)


def test_a_training_that_takes_too_much_memory_is_cut_off_with_the_limit(active, admin, frozen, settings):
    settings.TRAINING_MAX_MB = 20
    run = order_set(admin, frozen, epochs=200, patience=0)
    run_training(run.pk)
    run.refresh_from_db()
    assert run.state == TrainingState.INTERRUPTED
    assert "TRAINING_MAX_MB allows 20" in run.failure
    assert engines(run) == []
