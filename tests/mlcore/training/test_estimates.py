"""How long a training may take is told from what earlier ones took in one go."""

import json
from datetime import timedelta

import pytest
from django.utils import timezone

from mlcore.registry import training
from mlcore.registry.estimating import estimated, keep_probe
from mlcore.registry.models import DataSet, DataSetVersion, TrainingRun, TrainingState
from mlcore.training.follow import Follower

SHA256 = "ab" * 32


@pytest.fixture
def frozen(admin):
    row = DataSet.objects.create(name="drawn", license="CC0", source="drawn", created_by=admin)
    facts = {"number": 1, "sha256": SHA256, "state": "ready", "origin": "zip", "created_by": admin}
    return DataSetVersion.objects.create(dataset=row, counts={"cells": 640}, **facts)


def ended(run, result, hours):
    """Let a run end as done, so many hours after it was started."""
    now = timezone.now()
    run.state, run.attempts, run.result = TrainingState.DONE, 1, result
    run.started_at, run.finished_at = now - timedelta(hours=hours), now
    run.save()


def test_a_run_that_waited_to_be_resumed_tells_nothing_of_how_long_one_takes(active, admin, frozen):
    keep_probe({"picture": 0.06, "head": 0.03})
    chosen = {"datasets": [SHA256], "epochs": 5}
    run = TrainingRun.objects.create(
        recipe="head", options=chosen, started_by=admin, state=TrainingState.INTERRUPTED
    )
    assert estimated("head", chosen).runs == 0
    training.training_resume(actor=admin, origin=None, run_id=run.pk)
    run.refresh_from_db()
    ended(run, active, hours=20)
    assert estimated("head", chosen).runs == 0
    other = TrainingRun.objects.create(recipe="head", options=chosen, started_by=admin)
    ended(other, active, hours=1)
    assert estimated("head", chosen).runs == 1


def test_a_head_before_its_network_tells_no_time_left():
    head = {"stage": "head", "epoch": 1, "of": 1, "seconds_left": 0}
    assert TrainingRun(recipe="cell", progress=head).minutes_left is None
    assert TrainingRun(recipe="head", progress=head).minutes_left == 1
    assert TrainingRun(recipe="cell", progress={**head, "stage": "network"}).minutes_left == 1


def test_a_network_begins_with_an_epoch_of_its_own_and_a_model_is_written_after_the_last(admin):
    run = TrainingRun(recipe="cell", started_by=admin)
    follower = Follower(run, child=None, stop=None)
    for line in (
        {"stage": "head", "epoch": 1, "of": 1, "loss": 0.5},
        {"stage": "network", "batch": 2, "batches": 4, "of": 3, "seconds_left": 60},
    ):
        follower._hear(json.dumps(line))
    run.progress = follower._progress
    assert ("epoch" in run.progress, run.progress["batch"], run.percent) == (False, 2, 0.0)
    for line in ({"stage": "network", "epoch": 3, "of": 3, "loss": 0.2}, {"stage": "bundle"}):
        follower._hear(json.dumps(line))
    run.progress = follower._progress
    assert (run.step, run.progress["epoch"], run.minutes_left) == ("writing the model", 3, None)
