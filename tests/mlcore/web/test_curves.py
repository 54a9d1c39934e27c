"""The epochs of a training as charts: what is drawn where, and where something else begins to learn."""

import pytest

from mlcore.registry.models import TrainingRun
from mlcore.web.curves import curves


def epoch(stage, loss, accuracy):
    return {"stage": stage, "loss": loss, "val_loss": loss + 0.1, "accuracy": accuracy}


def test_an_upright_line_stands_where_the_network_follows_its_head():
    history = [epoch("head", 1.0, 0.5), epoch("network", 0.5, 0.75), epoch("network", 0.25, 1.0)]
    loss, accuracy = curves(history)
    assert [line.kind for line in loss.lines] == ["training", "validation"]
    assert [line.kind for line in accuracy.lines] == ["training"]
    first, second, third = (float(point.split(",")[0]) for point in loss.lines[0].points.split())
    assert loss.stages == [f"{(first + second) / 2:.1f}"]
    assert second - first == pytest.approx(third - second)
    assert loss.lines[0].last == "0.250"
    assert curves(history[1:])[0].stages == []


def test_before_the_first_epoch_there_is_no_chart():
    assert curves([]) == []


@pytest.mark.parametrize(
    ("recipe", "progress", "step", "percent"),
    [
        ("head", {"stage": "features", "pictures": 30, "of_pictures": 120}, "showing", 25.0),
        ("full", {"stage": "bundle", "epoch": 3, "of": 3}, "writing the model", 100.0),
        # The bar of the network begins when the network does.
        ("full", {"stage": "head", "epoch": 1, "of": 1}, "", 0.0),
        ("full", {"stage": "network", "epoch": 1, "of": 4}, "", 25.0),
        ("head", {"stage": "head", "epoch": 1, "of": 4}, "", 25.0),
    ],
)
def test_a_run_says_what_it_does_beside_learning(recipe, progress, step, percent):
    run = TrainingRun(recipe=recipe, progress=progress)
    assert run.step.startswith(step)
    assert bool(run.step) is bool(step)
    assert run.percent == percent
