"""Every chart for which a bundle has figures is drawn, and no other."""

import json

import numpy as np
import pytest
from PIL import Image

from mlcore.engine.bundle import SHIPPED_BUNDLE
from mlcore.engine.charts import draw_all
from mlcore.engine.evaluate import report
from mlcore.engine.outcomes import Outcome

LABELS = ("neutrophil", "monocyte")
LOCATOR = {
    "sets": {"fields": {"f1": {"value": 0.9, "low": 0.8, "high": 1.0}}},
    "curve": [[0.1, 1.0, 0.5], [0.5, 0.9, 0.9], [0.9, 0.4, 1.0]],
    "threshold": 0.5,
}
UNSEEN = {
    "rows": [{"name": "a to b", "originals": 9, "balanced_accuracy": {"value": 0.7, "low": 0.6, "high": 0.8}}]
}


@pytest.fixture
def measured():
    random = np.random.default_rng(0)
    outcomes = [
        Outcome(str(n), LABELS[n % 2], LABELS[(n + (n % 7 == 0)) % 2], float(random.random()), n % 5 == 0, n)
        for n in range(60)
    ]
    return report(outcomes, LABELS)


def written(bundle, out):
    paths = draw_all(bundle, out)
    assert sorted(paths) == sorted(out.iterdir())
    for path in paths:
        pixels = np.asarray(Image.open(path).convert("RGB"))
        assert min(pixels.shape[:2]) > 150
        assert len(np.unique(pixels.reshape(-1, 3), axis=0)) > 20
    return {path.name for path in paths}


def test_every_chart_is_drawn(measured, tmp_path):
    figures = {
        "evaluation": {"Kaggle TEST": measured, "pbc, held-out fifth": measured},
        "baseline": {"Kaggle TEST": measured},
        "locator": LOCATOR,
        "unseen": UNSEEN,
    }
    for name, told in figures.items():
        (tmp_path / f"{name}.json").write_text(json.dumps(told))
    assert written(tmp_path, tmp_path / "charts") == {
        "confusion-kaggle-test.png",
        "confusion-pbc-held-out-fifth.png",
        "reliability.png",
        "risk-coverage.png",
        "sources.png",
        "detector.png",
        "unseen.png",
    }


def test_a_bundle_without_figures_gives_no_chart(tmp_path):
    (tmp_path / "evaluation.json").write_text("{}")
    assert written(tmp_path, tmp_path / "charts") == set()


def test_the_shipped_bundle_is_drawn(tmp_path):
    assert {"sources.png", "confusion-kaggle-test.png"} <= written(SHIPPED_BUNDLE, tmp_path / "charts")
