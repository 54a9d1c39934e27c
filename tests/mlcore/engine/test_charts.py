"""Every chart of an evaluation is drawn."""

import numpy as np
import pytest
from PIL import Image

from mlcore.engine.charts import confusion_picture, reliability_picture, risk_coverage_picture
from mlcore.engine.evaluate import report
from mlcore.engine.outcomes import Outcome

LABELS = ("neutrophil", "monocyte")


@pytest.fixture
def measured():
    random = np.random.default_rng(0)
    outcomes = [
        Outcome(str(n), LABELS[n % 2], LABELS[(n + (n % 7 == 0)) % 2], float(random.random()), n % 5 == 0, n)
        for n in range(60)
    ]
    return report(outcomes, LABELS)


def of_one(reports, path):
    confusion_picture(reports["Kaggle TEST"], path, "Kaggle TEST")


@pytest.mark.parametrize("draw", [reliability_picture, risk_coverage_picture, of_one])
def test_each_chart_is_drawn(measured, tmp_path, draw):
    path = tmp_path / "chart.png"
    draw({"Kaggle TEST": measured, "pbc, held-out fifth": measured}, path)
    pixels = np.asarray(Image.open(path).convert("RGB"))
    assert min(pixels.shape[:2]) > 150
    assert len(np.unique(pixels.reshape(-1, 3), axis=0)) > 20
