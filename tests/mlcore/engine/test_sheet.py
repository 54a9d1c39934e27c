"""The sheet of mistakes shows the surest ones, one of an original."""

import numpy as np
import pytest
from PIL import Image

from mlcore.engine.contracts import Box
from mlcore.engine.errors import DataError
from mlcore.engine.outcomes import Outcome
from mlcore.engine.sheet import COLUMNS, TILE, worst, worst_mistakes
from tests.mlcore.engine.drawing import field, save


def outcome(name, confidence, group, label="neutrophil", box=None):
    return Outcome(name, "monocyte", label, confidence, False, group, box)


def test_the_surest_mistakes_come_first_and_each_original_once():
    outcomes = [
        outcome("unsure", 0.5, 1),
        outcome("sure", 0.9, 2),
        outcome("its copy", 0.8, 2),
        outcome("right", 0.99, 3, label="monocyte"),
        outcome("no cell", 0.0, 4, label="none"),
    ]
    assert [one.path for one in worst(outcomes, 30)] == ["sure", "unsure", "no cell"]
    assert [one.path for one in worst(outcomes, 1)] == ["sure"]


def test_the_sheet_shows_the_cell_and_paper_beyond_the_edge(tmp_path):
    save(field([(30, 120, 24)]), tmp_path / "lab" / "one.png")
    cell = outcome("lab/one.png", 0.9, 1, box=Box(0, 90, 60, 150))
    whole = outcome("lab/one.png", 0.0, 2, label="none")
    assert worst_mistakes(tmp_path, [whole, cell], tmp_path / "sheet.png") == [cell, whole]
    sheet = np.asarray(Image.open(tmp_path / "sheet.png"))
    assert sheet.shape[1] > COLUMNS * TILE
    first = sheet[10 : 10 + TILE, 10 : 10 + TILE]
    assert (first[:, :30] == 255).all()
    assert first[TILE // 2, TILE // 2].sum() < 400
    captions = sheet[12 + TILE : 60 + TILE]
    assert (captions[:, 10:200] < 100).any()


def test_thirty_mistakes_fill_five_rows(tmp_path):
    save(field([(160, 120, 24)]), tmp_path / "one.png")
    outcomes = [outcome("one.png", 0.5, group) for group in range(40)]
    assert len(worst_mistakes(tmp_path, outcomes, tmp_path / "sheet.png")) == 30
    height = Image.open(tmp_path / "sheet.png").height
    assert 5 * TILE < height < 7 * TILE


def test_without_a_mistake_there_is_no_sheet(tmp_path):
    with pytest.raises(DataError, match="no mistake"):
        worst_mistakes(tmp_path, [outcome("right", 0.9, 1, label="monocyte")], tmp_path / "sheet.png")
    assert not (tmp_path / "sheet.png").exists()
